/** The active checks of a cluster. */
import type { CheckSpec, EndpointSpec, HealthSpec } from "../model/spec.js";
import type { Path } from "./problem.js";
import type { Report } from "./resolve.js";
import type { File } from "./schema/file.js";

type HealthFile = File["clusters"][number]["value"]["health"];
type CheckFile = NonNullable<HealthFile>["checks"][number];

/** @param endpoints those that the file names: they are what a check's port must suit */
export function resolveHealth(
  health: HealthFile,
  endpoints: readonly EndpointSpec[],
  path: Path,
  report: Report,
): HealthSpec[] {
  if (health === undefined) return [];
  const names = new Set<string>();
  let agents = 0;
  return health.checks.map((check, index) => {
    const own = health.isList ? [...path, index] : path;
    const spec = resolveCheck(check, freeName(check, names), own, report);
    if (names.has(spec.name)) report("error", [...own, "name"], `another check is named ${spec.name}`);
    names.add(spec.name);
    if (spec.check.kind === "agent" && ++agents === 2)
      report("error", [...own, "agent"], "there is a second agent", "what they say could contradict each other", "key");
    if (spec.port > 0 && endpoints.some(({ address }) => address.family === "unix"))
      report("error", own, "an endpoint is a unix socket, which has no other port", "give the check an address");
    return spec;
  });
}

/** A name that the file gives may be taken, which is a mistake; one that is made up is not. */
function freeName(check: CheckFile, taken: ReadonlySet<string>): string {
  if (check.name !== undefined) return check.name;
  const kind = check.http !== undefined ? "http" : check.agent !== undefined ? "agent" : "tcp";
  let name: string = kind;
  for (let number = 2; taken.has(name); number++) name = `${kind}-${number}`;
  return name;
}

function resolveCheck(check: CheckFile, name: string, path: Path, report: Report): HealthSpec {
  const kinds = [check.http, check.tcp, check.agent].filter((kind) => kind !== undefined);
  if (kinds.length !== 1) {
    const hint = "write http: /healthz, tcp: true or agent: 9999";
    report("error", path, "a health check is one of http, tcp and agent", hint, "key");
  }
  if (check.fastInterval > check.interval)
    report("error", [...path, "fastInterval"], "fastInterval is longer than interval");
  checkTarget(check, path, report);
  return {
    name,
    check: resolveKind(check, path, report),
    address: check.address,
    port: check.agent?.port ?? check.port ?? 0,
    intervalMs: check.interval,
    fastIntervalMs: check.fastInterval,
    timeoutMs: check.timeout,
    jitter: check.jitter,
    rise: check.rise,
    fall: check.fall,
  };
}

function checkTarget({ agent, port, address }: CheckFile, path: Path, report: Report): void {
  if (agent !== undefined && address !== undefined)
    report("error", [...path, "address"], "an agent is asked at its endpoint's host", "leave address out");
  else if (agent !== undefined && port !== undefined)
    report("error", [...path, "port"], "the agent has a port already", "leave port out");
  else if (address !== undefined && port !== undefined)
    report("error", [...path, "port"], "the address has a port already", "leave port out");
}

function resolveKind({ http, tcp, agent }: CheckFile, path: Path, report: Report): CheckSpec {
  if (http !== undefined) {
    const { path: target, method, host = "", headers, status, body } = http;
    if (method === "HEAD" && body !== "") report("error", [...path, "http", "body"], "a response to HEAD has no body");
    return { kind: "http", path: target, method, host, headers, statuses: status, body };
  }
  if (agent !== undefined) return { kind: "agent" };
  const { send, expect } = tcp ?? { send: "", expect: "" };
  if (send !== "" && expect === "")
    report("error", [...path, "tcp", "send"], "nothing is expected in answer", "add expect, or leave send out");
  return { kind: "tcp", send, expect };
}
