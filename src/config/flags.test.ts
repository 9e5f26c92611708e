import assert from "node:assert/strict";
import { test } from "node:test";
import { FLAGS, flagSource } from "./flags.js";
import { check, loadText } from "./load.js";
import { ConfigError } from "./problem.js";

const surroundings = { environment: {}, cores: 2 };

function fromFlags(flags: Readonly<Record<string, readonly string[]>>) {
  return check(flagSource(new Map(Object.entries(flags))), surroundings).spec;
}

test("flags make the same Spec as the file with the same keys", () => {
  const spec = fromFlags({
    listen: [":8080", "[::1]:8081"],
    to: ["10.0.0.1:80, 10.0.0.2:80", "localhost:81"],
    balance: ["p2c"],
    check: ["/healthz"],
    "connect-timeout": ["300ms"],
    "trusted-proxies": ["10.0.0.0/8,::1"],
    workers: ["3"],
    engine: ["node"],
    admin: [":9901"],
    "access-log": ["stdout"],
    "access-log-format": ["%{status}"],
    "max-connections": ["99"],
    drain: ["5s"],
  });
  const file = `
listeners:
  - { address: :8080, cluster: default, trustedProxies: [10.0.0.0/8, "::1"] }
  - { address: "[::1]:8081", cluster: default, trustedProxies: [10.0.0.0/8, "::1"] }
clusters:
  default:
    endpoints: [10.0.0.1:80, 10.0.0.2:80, localhost:81]
    balance: p2c
    health: { http: /healthz }
    connect: { timeout: 300ms }
workers: 3
engine: node
admin: :9901
accessLog: { target: stdout, format: "%{status}" }
limits: { maxConnections: 99 }
drain: 5s
`;
  assert.deepEqual(spec, loadText("a.yaml", file, surroundings).spec);
});

test("--protocol tcp and --check tcp make an L4 balancer", () => {
  const { listeners, clusters } = fromFlags({ listen: [":1"], to: [":2"], protocol: ["tcp"], check: ["tcp"] });
  assert.equal(listeners[0].kind, "tcp");
  assert.equal(clusters[0].health[0].check.kind, "tcp");
});

test("a mistake names its flag", () => {
  const good = { listen: [":1"], to: [":2"], "access-log": ["x"] };
  for (const { name } of FLAGS) {
    if (name === "access-log") continue;
    assert.throws(
      () => fromFlags({ ...good, [name]: ["b\0ogus"] }),
      (error) => error instanceof ConfigError && error.problems[0].file === `--${name}`,
      name,
    );
  }
});
