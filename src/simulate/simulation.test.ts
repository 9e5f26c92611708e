import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { NO_RETRY } from "../model/flow-spec.js";
import type { ClusterSpec, RetrySpec } from "../model/spec.js";
import { erlangC } from "../testing/queueing.js";
import { createScenario, createScript } from "../testing/scenarios.js";
import {
  createBalanceSpec,
  createClusterSpec,
  createEndpointSpec,
  createHealthSpec,
  createOutlierSpec,
} from "../testing/specs.js";
import { simulate } from "./simulation.js";
import type { Subject } from "./subject.js";

const SEED = 4711;
const NEVER_EJECT = createOutlierSpec({ consecutiveFailures: 0 });

function createSubject(
  size: number,
  cluster: Partial<ClusterSpec> = {},
  retry: Partial<RetrySpec> = {},
  timeouts: Partial<Subject["timeouts"]> = {},
): Subject {
  return {
    cluster: createClusterSpec(size, cluster),
    retry: { ...NO_RETRY, ...retry },
    timeouts: { responseHeaderMs: 30_000, perTryMs: 0, totalMs: 0, ...timeouts },
    priority: "normal",
  };
}

function assertNear(actual: number, expected: number, share: number, what: string): void {
  assert.ok(Math.abs(actual - expected) <= share * expected, `${what}: ${actual} is not ${expected}`);
}

describe(`queues wait as long as theory says (seed ${SEED})`, () => {
  for (const [servers, utilisation] of [
    [1, 0.5],
    [1, 0.8],
    [4, 0.8],
    [10, 0.9],
  ] as const) {
    test(`M/M/${servers} at ${utilisation * 100} %`, () => {
      const perSecond = servers * 100 * utilisation;
      const scenario = createScenario({
        arrivals: { kind: "poisson", perSecond },
        durationMs: 300_000_000 / perSecond,
        others: createScript({ servers }),
      });
      const { latency, endpoints, requests } = simulate(createSubject(1), scenario, SEED);
      const wait = (erlangC(servers, servers * utilisation) * 10) / (servers * (1 - utilisation));
      assertNear(requests, 300_000, 0.01, "requests");
      assertNear(latency.mean, 10 + wait, 0.05, "mean");
      // M/M/1's time in the system is itself exponential.
      if (servers === 1) assertNear(latency.p99, (10 * Math.log(100)) / (1 - utilisation), 0.08, "p99");
      assertNear(endpoints[0].utilisation!, utilisation, 0.02, "utilisation");
    });
  }

  test("M/D/1 waits half as long as M/M/1", () => {
    const others = createScript({ service: { kind: "constant", ms: 10 }, servers: 1 });
    const scenario = createScenario({ arrivals: { kind: "poisson", perSecond: 80 }, durationMs: 3_000_000, others });
    const { latency } = simulate(createSubject(1), scenario, SEED);
    assertNear(latency.mean, 10 + 0.5 * 40, 0.05, "mean");
  });

  test("a closed loop obeys Little's law: clients = rate x (latency + thinking)", () => {
    const arrivals = { kind: "closed", clients: 20, thinkMs: 50 } as const;
    const scenario = createScenario({ arrivals, durationMs: 500_000, others: createScript({ servers: 2 }) });
    const { latency, requests } = simulate(createSubject(2), scenario, SEED);
    assertNear((requests / 500_000) * (latency.mean + 50), 20, 0.01, "clients");
  });
});

describe("the same input gives the same bytes", () => {
  const subject = createSubject(
    5,
    { balance: createBalanceSpec("p2c"), health: [createHealthSpec()] },
    { attempts: 2 },
  );
  const scripts = [
    ["e1", createScript({ errors: 0.2 })],
    ["e3", createScript({}, 3000, { slower: 20 })],
    ["e4", createScript({}, 5000, { down: true })],
  ] as const;
  const run = (seed: number, entries: typeof scripts | (typeof scripts)[number][]): string =>
    JSON.stringify(simulate(subject, createScenario({ endpoints: new Map(entries) }), seed));

  test("for the same seed, in whatever order the endpoints are told", () => {
    assert.equal(run(1, scripts), run(1, scripts));
    assert.equal(run(1, [...scripts].reverse()), run(1, scripts));
  });

  test("and others for another seed", () => assert.notEqual(run(2, scripts), run(1, scripts)));
});

test("two policies get the same requests: only the choice differs", () => {
  const scenario = createScenario({ others: createScript({ service: { kind: "lognormal", medianMs: 5, sigma: 1 } }) });
  const [a, b] = (["round-robin", "random"] as const).map((policy) =>
    simulate(createSubject(4, { balance: createBalanceSpec(policy) }), scenario, SEED),
  );
  assert.equal(a.requests, b.requests);
  // Without queues it does not matter who serves.
  assert.deepEqual(a.latency, b.latency);
});

test("every request is counted once, whatever happens to it", () => {
  const endpoints = new Map([
    ["e0", createScript({ errors: 0.5, servers: 1, queue: 2 })],
    ["e1", createScript({}, 2000, { hangs: true })],
    ["e2", createScript({}, 4000, { down: true })],
  ]);
  const retry = { attempts: 2, on: ["connect-failure", "timeout"], statuses: [503] } as const;
  const subject = createSubject(3, { outlier: NEVER_EJECT }, retry, { responseHeaderMs: 200, totalMs: 350 });
  const figures = simulate(subject, createScenario({ endpoints }), SEED);
  assert.equal(figures.unfinished, 0);
  assert.equal(figures.ok + figures.failed, figures.requests);
  assert.equal(figures.tries, figures.requests + figures.retries);
  const sum = (of: (part: (typeof figures.endpoints)[number]) => number): number =>
    figures.endpoints.reduce((total, endpoint) => total + of(endpoint), 0);
  assert.equal(
    sum(({ tries }) => tries),
    figures.tries,
  );
  assert.equal(
    Object.values(figures.errors).reduce((total, count) => total + count, 0),
    figures.failed,
  );
  assert.ok(Object.keys(figures.errors).length >= 2, JSON.stringify(figures.errors));
  const before = figures.timeline.slice(0, 4);
  assert.ok(before.every(({ ok, requests }) => ok > requests * 0.5));
});

test("failures are retried elsewhere as the route's rules say, and not otherwise", () => {
  const scenario = createScenario({ endpoints: new Map([["e0", createScript({ errors: 1 })]]) });
  const cluster = { outlier: NEVER_EJECT, retryBudget: { percent: 100, minimum: 10 } };
  const without = simulate(createSubject(3, cluster), scenario, SEED);
  assertNear(without.failed, without.requests / 3, 0.01, "failed");
  assert.deepEqual(Object.keys(without.errors), ["STATUS 503"]);
  const retried = simulate(createSubject(3, cluster, { attempts: 1, statuses: [503] }), scenario, SEED);
  assert.deepEqual([retried.failed, retried.retries], [0, retried.endpoints[0].failures]);
  assert.ok(retried.retries >= without.failed);
  const posts = { ...scenario, idempotent: false };
  assert.equal(simulate(createSubject(3, cluster, { attempts: 1, statuses: [503] }), posts, SEED).retries, 0);
});

test("retries beyond the budget are denied", () => {
  const scenario = createScenario({
    arrivals: { kind: "poisson", perSecond: 2000 },
    others: createScript({ errors: 1, errorMs: 50 }),
  });
  const cluster = { outlier: NEVER_EJECT, retryBudget: { percent: 20, minimum: 0 } };
  const { retries, tries, retriesDenied } = simulate(
    createSubject(3, cluster, { attempts: 3, statuses: [503] }),
    scenario,
    SEED,
  );
  assertNear(retries / tries, 0.2, 0.05, "share of retries");
  assert.ok(retriesDenied > 0);
});

test("a retry waits for its back-off, and not beyond the deadline of the whole", () => {
  const others = createScript({ errors: 1, errorMs: 0 });
  const retry = { attempts: 1, statuses: [503], backoff: { baseMs: 1000, maxMs: 1000 } } as const;
  const cluster = { outlier: NEVER_EJECT, retryBudget: { percent: 100, minimum: 1000 } };
  const patient = simulate(createSubject(1, cluster, retry), createScenario({ others }), SEED);
  assert.equal(patient.retries, patient.requests);
  const late = patient.timeline.slice(2).every(({ requests, tries }) => tries > requests);
  const [first] = patient.timeline;
  assert.ok(late && first.tries < first.requests * 1.6, "retries of the first half second come later");
  const hurried = simulate(createSubject(1, cluster, retry, { totalMs: 500 }), createScenario({ others }), SEED);
  assertNear(hurried.retries / hurried.requests, 0.5, 0.1, "share whose back-off is short enough");
  assert.equal(hurried.ok + hurried.failed, hurried.requests);
});

describe("where all endpoints are full requests wait in the cluster's queue", () => {
  const endpoints = Array.from({ length: 10 }, (_, i) => createEndpointSpec(i, { maxConnections: 1 }));
  const balance = createBalanceSpec("least-request");

  test("as long as one queue for all servers would have them wait: M/M/10", () => {
    const cluster = { endpoints, balance, queue: { max: 100_000, timeoutMs: 1_000_000 } };
    const arrivals = { kind: "poisson", perSecond: 900 } as const;
    const { latency, failed, queued, requests } = simulate(
      createSubject(0, cluster),
      createScenario({ arrivals, durationMs: 300_000 }),
      SEED,
    );
    const busy = erlangC(10, 9);
    assertNear(latency.mean, 10 + (busy * 10) / (10 * 0.1), 0.07, "mean");
    assertNear(queued / requests, busy, 0.05, "share that waits");
    assert.equal(failed, 0);
  });

  test("and no longer than they may, nor more of them than fit", () => {
    const arrivals = { kind: "poisson", perSecond: 2000 } as const;
    const errors = (queue: ClusterSpec["queue"]) =>
      simulate(createSubject(0, { endpoints, balance, queue }), createScenario({ arrivals }), SEED).errors;
    assert.deepEqual(Object.keys(errors({ max: 100_000, timeoutMs: 50 })), ["QUEUE_TIMEOUT"]);
    assert.deepEqual(Object.keys(errors({ max: 5, timeoutMs: 1_000_000 })), ["QUEUE_FULL"]);
    assert.deepEqual(Object.keys(errors(undefined)), ["OVERLOADED"]);
  });
});

test("an endpoint that does not answer is timed out, its work is done all the same", () => {
  const others = createScript({ service: { kind: "constant", ms: 100 }, servers: 1 });
  const subject = createSubject(1, { outlier: NEVER_EJECT }, {}, { responseHeaderMs: 50 });
  const { failed, requests, errors, endpoints } = simulate(subject, createScenario({ others }), SEED);
  assert.equal(failed, requests);
  assert.deepEqual(errors, { RESPONSE_TIMEOUT: requests });
  assert.ok(endpoints[0].utilisation! > 0.9);
});

test("an endpoint that fails real traffic is ejected and comes back", () => {
  const endpoints = new Map([["e0", createScript({}, 2000, { errors: 1 })]]);
  const outlier = createOutlierSpec({ ejectionMs: 3000 });
  const { ejections, events } = simulate(createSubject(3, { outlier }), createScenario({ endpoints }), SEED);
  assert.ok(ejections >= 1);
  const [first, second] = events.filter(({ endpoint }) => endpoint === "e0");
  assert.equal(first.to, "ejected");
  assert.ok(first.atMs >= 2000 && first.atMs < 2500, `${first.atMs}`);
  assert.ok(Math.abs(second.atMs - first.atMs - 3000) < 1e-6, `${second.atMs}`);
});

test("active checks find an endpoint that is down, hangs or is swamped", () => {
  const endpoints = new Map([
    ["e0", createScript({}, 2000, { down: true })],
    ["e1", createScript({}, 2000, { hangs: true })],
    ["e2", createScript({}, 2000, { service: { kind: "constant", ms: 2000 }, servers: 1 })],
  ]);
  const check = {
    kind: "http",
    path: "/",
    method: "GET",
    host: "",
    headers: [],
    statuses: [[200, 399]],
    body: "",
  } as const;
  const cluster = { outlier: NEVER_EJECT, health: [createHealthSpec({ check, fall: 2 })] };
  const { events } = simulate(createSubject(4, cluster), createScenario({ endpoints }), SEED);
  const downs = events.filter(({ to }) => to === "down").map(({ endpoint }) => endpoint);
  assert.deepEqual([...new Set(downs)].sort(), ["e0", "e1", "e2"]);
});

test("when all endpoints are bad the panic is timed", () => {
  const others = createScript({}, 5000, { down: true });
  const cluster = { outlier: NEVER_EJECT, health: [createHealthSpec({ fall: 1 })] };
  const { panicMs } = simulate(createSubject(2, cluster), createScenario({ others }), SEED);
  assert.ok(panicMs > 3000 && panicMs < 5000, `${panicMs}`);
});

test("a cluster without endpoints refuses everything and ends", () => {
  const { errors, requests } = simulate(createSubject(0), createScenario(), SEED);
  assert.deepEqual(errors, { NO_ENDPOINT: requests });
  const closed = createScenario({ arrivals: { kind: "closed", clients: 3, thinkMs: 0 } });
  assert.ok(simulate(createSubject(0), closed, SEED).requests >= 30_000 - 3);
});

test("what came during the warm-up is not counted", () => {
  const scenario = createScenario({ warmupMs: 5000, others: createScript({}, 5000, { slower: 0 }) });
  const { requests, latency, goodput } = simulate(createSubject(2), scenario, SEED);
  assertNear(requests, 500, 0.2, "requests");
  assertNear(goodput, requests / 5, 1e-9, "goodput");
  assert.equal(latency.max, 0);
});

test("the same key always goes to the same endpoint where the policy hashes", () => {
  const scenario = createScenario({ keys: { kind: "uniform", count: 1 } });
  const { endpoints } = simulate(createSubject(4, { balance: createBalanceSpec("source-address") }), scenario, SEED);
  assert.equal(endpoints.filter(({ tries }) => tries > 0).length, 1);
});
