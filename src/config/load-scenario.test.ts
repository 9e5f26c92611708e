import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { loadScenario } from "./load-scenario.js";
import { ConfigError } from "./problem.js";

const IDS = ["a", "b", "c"];

function load(text: string) {
  return loadScenario("load.yaml", text, { RATE: "50/s" }, IDS);
}

function complaint(text: string): string {
  try {
    load(text);
  } catch (error) {
    assert.ok(error instanceof ConfigError);
    const [{ line, message, expected, hint }] = error.problems;
    return `${line}: ${[message, expected, hint].filter((part) => part !== undefined).join("; ")}`;
  }
  throw new assert.AssertionError({ message: "it was taken" });
}

test("a scenario that says only how requests arrive is complete", () => {
  const { endpoints, ...rest } = load("arrivals: { poisson: 800/s }");
  assert.equal(endpoints.size, 0);
  assert.deepEqual(rest, {
    arrivals: { kind: "poisson", perSecond: 800 },
    durationMs: 60_000,
    warmupMs: 0,
    roundTripMs: 0.5,
    idempotent: true,
    keys: { kind: "uniform", count: 10_000 },
    others: {
      first: {
        service: { kind: "exponential", meanMs: 10 },
        slower: 1,
        servers: 0,
        queue: Number.POSITIVE_INFINITY,
        errors: 0,
        errorMs: 1,
        errorStatus: 503,
        down: false,
        hangs: false,
      },
      changes: [],
    },
  });
});

test("every key has its meaning", () => {
  const scenario = load(`
arrivals: { clients: 20, think: 250us }
duration: 2m
warmup: 10s
roundTrip: 2
idempotent: false
keys: { count: 100, zipf: 1.1 }
endpoints:
  "*": { service: { lognormal: { median: 5ms, sigma: 0.5 } }, servers: 4, queue: 10 }
  a:
    service: { pareto: { least: 1ms, shape: 1.5, most: 1s } }
    slower: 2.5
    errors: 10%
    errorTime: 20ms
    errorStatus: 500
    changes: [{ at: 20s, down: true }, { at: 10s, hangs: true, errors: 0% }]
  b: { service: { constant: 3ms } }
`);
  assert.deepEqual(scenario.arrivals, { kind: "closed", clients: 20, thinkMs: 0.25 });
  assert.deepEqual(
    [scenario.durationMs, scenario.warmupMs, scenario.roundTripMs, scenario.idempotent],
    [120_000, 10_000, 2, false],
  );
  assert.deepEqual(scenario.keys, { kind: "zipf", count: 100, exponent: 1.1 });
  const { first, changes } = scenario.endpoints.get("a")!;
  assert.deepEqual(first, {
    service: { kind: "pareto", leastMs: 1, shape: 1.5, mostMs: 1000 },
    slower: 2.5,
    servers: 4,
    queue: 10,
    errors: 0.1,
    errorMs: 20,
    errorStatus: 500,
    down: false,
    hangs: false,
  });
  assert.deepEqual(changes, [
    { atMs: 10_000, behaviour: { ...first, hangs: true, errors: 0 } },
    { atMs: 20_000, behaviour: { ...first, hangs: true, errors: 0, down: true } },
  ]);
  assert.deepEqual(scenario.endpoints.get("b")!.first.service, { kind: "constant", ms: 3 });
  assert.equal(scenario.endpoints.get("b")!.first.servers, 4);
  assert.deepEqual(scenario.others.first.service, { kind: "lognormal", medianMs: 5, sigma: 0.5 });
});

test("variables of the environment are put in", () => {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: it is the scenario's own syntax
  assert.deepEqual(load('arrivals: { constant: "${RATE}" }').arrivals, { kind: "constant", perSecond: 50 });
});

describe("mistakes are told with their line and what would be right", () => {
  const rows: [text: string, complaint: RegExp][] = [
    ["", /empty/],
    ["duration: 5s", /^1: the key arrivals is missing; a mapping \(poisson, constant or clients\)/],
    ["arrivals: {}", /^1: requests arrive in exactly one way; one of poisson: RATE/],
    ["arrivals: { poisson: 1, clients: 2 }", /exactly one way/],
    ["arrivals: { poisson: 1, think: 2s }", /only clients think/],
    ["arrivals: { poisson: fast }", /fast is not a number; a rate such as 800\/s/],
    ["arrivals: { poisson: 1 }\nduration: 5 parsecs", /^2: there is no unit parsecs; .*; write us, ms, s, m or h/],
    ["arrivals: { poisson: 1 }\nwarmup: 60s", /^2: nothing is left after the warm-up; make duration longer/],
    ["arrivals: { poisson: 1 }\nendpoints: { d: {} }", /^2: .*no endpoint d; /],
    [
      "arrivals: { poisson: 1 }\nendpoints:\n  a: { service: { constant: 1, exponential: 2 } }",
      /^3: .*exactly one thing/,
    ],
    ["arrivals: { poisson: 1 }\nendpoints:\n  a: { slow: 2 }", /^3: unknown key slow; did you mean slower\?/],
    ["arrivals: { poisson: 1 }\nendpoints:\n  a: { errors: 110% }", /^3: .*more than 100 percent/],
  ];
  for (const [text, expected] of rows) test(JSON.stringify(text), () => assert.match(complaint(text), expected));
});
