/** Scenarios for tests of the simulation: complete, with what the test is about filled in. */
import type { Behaviour, EndpointScript, Scenario } from "../model/scenario.js";

/** Exponential with a mean of 10 ms, any number at once, never fails. */
export function createBehaviour(changes: Partial<Behaviour> = {}): Behaviour {
  return {
    service: { kind: "exponential", meanMs: 10 },
    slower: 1,
    servers: 0,
    queue: Number.POSITIVE_INFINITY,
    errors: 0,
    errorMs: 1,
    errorStatus: 503,
    down: false,
    hangs: false,
    ...changes,
  };
}

/** An endpoint that is `first` and from `atMs` on also `then`. */
export function createScript(first: Partial<Behaviour>, atMs?: number, then: Partial<Behaviour> = {}): EndpointScript {
  const behaviour = createBehaviour(first);
  const changes = atMs === undefined ? [] : [{ atMs, behaviour: { ...behaviour, ...then } }];
  return { first: behaviour, changes };
}

/** 100 requests a second for 10 s, without a network. */
export function createScenario(changes: Partial<Scenario> = {}): Scenario {
  return {
    arrivals: { kind: "poisson", perSecond: 100 },
    durationMs: 10_000,
    warmupMs: 0,
    roundTripMs: 0,
    idempotent: true,
    keys: { kind: "uniform", count: 1000 },
    endpoints: new Map(),
    others: createScript({}),
    ...changes,
  };
}
