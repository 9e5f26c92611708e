/**
 * One run: requests arrive, the production policy chooses, modelled endpoints serve, timeouts and retries follow the rules
 * that the proxy follows, and everything is counted. The same input and seed give the same figures, bit for bit.
 */
import type { Code } from "../base/errors.js";
import { EndpointCell } from "../model/cells.js";
import { PRIORITIES } from "../model/flow-spec.js";
import { isServerError, Outcome, type OutcomeId, outcomeOfStatus } from "../model/outcome.js";
import type { Scenario } from "../model/scenario.js";
import { Arrivals } from "./arrivals.js";
import { Draw, uniform } from "./chance.js";
import { Deadlines } from "./deadlines.js";
import { EventQueue } from "./event-queue.js";
import type { Figures } from "./figures.js";
import { Flight } from "./flight.js";
import { Result, type ResultId } from "./jobs.js";
import { createKeys, type DrawKey } from "./keys.js";
import { createPolicy, type Policy } from "./policy.js";
import { Probes } from "./probes.js";
import { Retries } from "./retries.js";
import { Service } from "./service.js";
import { Statistics } from "./statistics.js";
import type { Subject } from "./subject.js";
import { VirtualClock } from "./virtual-clock.js";
import { WaitingRoom } from "./waiting-room.js";

const Event = { ARRIVAL: 0, DONE: 1, TIMER: 2, CHANGE: 3, SAMPLE: 4, RETRY: 5 } as const;

/** Looks at what is in flight so often in a run. */
const SAMPLES = 1000;
/** How long after the last arrival the requests under way may take. */
const PATIENCE_MS = 600_000;

export function simulate(subject: Subject, scenario: Scenario, seed: number): Figures {
  return new Simulation(subject, scenario, seed).run();
}

class Simulation {
  readonly #subject: Subject;
  readonly #scenario: Scenario;
  readonly #seed: number;
  readonly #tryMs: number;
  readonly #events = new EventQueue();
  readonly #clock = new VirtualClock(this.#events, Event.TIMER);
  readonly #tryDeadlines = new Deadlines();
  readonly #totalDeadlines = new Deadlines();
  readonly #service: Service;
  readonly #probes: Probes;
  readonly #policy: Policy;
  readonly #retries: Retries;
  readonly #room: WaitingRoom;
  readonly #statistics: Statistics;
  readonly #arrivals: Arrivals;
  readonly #drawKey: DrawKey;
  readonly #flights: Flight[] = [];
  readonly #spare: Flight[] = [];
  #requests = 0;
  #inFlight = 0;
  /** A place was given back, or endpoints have changed, since those who wait were last asked. */
  #mayHaveRoom = false;

  constructor(subject: Subject, scenario: Scenario, seed: number) {
    this.#subject = subject;
    this.#scenario = scenario;
    this.#seed = seed;
    const { cluster, timeouts } = subject;
    const { perTryMs, responseHeaderMs } = timeouts;
    this.#tryMs = Math.min(perTryMs || Number.POSITIVE_INFINITY, responseHeaderMs || Number.POSITIVE_INFINITY);
    const { DONE: done, CHANGE: change } = Event;
    this.#service = new Service(cluster, scenario, seed, this.#clock, this.#events, { done, change });
    this.#probes = new Probes(this.#clock, cluster, this.#service.models, (endpoint, number, works) =>
      this.#service.sendProbe(endpoint, number, works),
    );
    this.#arrivals = new Arrivals(scenario.arrivals, seed);
    this.#drawKey = createKeys(scenario.keys);
    this.#statistics = new Statistics(cluster.endpoints, scenario.durationMs, scenario.warmupMs);
    this.#policy = createPolicy({
      spec: cluster,
      seed,
      clock: this.#clock,
      probe: this.#probes.probe,
      onEvent: (event) => this.#statistics.onEvent(event, this.#clock.time),
      onPanic: (panic) => this.#statistics.onPanic(panic, this.#clock.time),
    });
    this.#retries = new Retries(subject, this.#policy.cluster, seed, () => this.#statistics.onDenied(this.#clock.time));
    this.#room = new WaitingRoom(this.#policy.cluster, PRIORITIES.indexOf(subject.priority));
  }

  run(): Figures {
    const { durationMs } = this.#scenario;
    const events = this.#events;
    for (const at of this.#arrivals.first()) this.#addArrival(at);
    events.add(durationMs / SAMPLES / 2, Event.SAMPLE, 0);
    for (;;) {
      const at = Math.min(
        events.nextAt,
        this.#service.answers.nextAt,
        this.#tryDeadlines.nextAt,
        this.#totalDeadlines.nextAt,
        this.#room.deadlines.nextAt,
      );
      if (at >= durationMs && (this.#inFlight === 0 || at > durationMs + PATIENCE_MS)) break;
      this.#clock.time = at;
      this.#step(at);
      if (this.#mayHaveRoom) this.#wake();
    }
    this.#policy.close();
    const { cluster } = this.#subject;
    const about = {
      cluster: cluster.name,
      policy: cluster.balance.policy,
      seed: this.#seed,
      queued: this.#room.joined,
    };
    return this.#statistics.figures(about, Math.min(durationMs, this.#clock.time), this.#service.utilisations());
  }

  /** An answer that comes just in time is in time. */
  #step(at: number): void {
    if (this.#service.answers.nextAt === at) {
      this.#service.answers.take();
      this.#onAnswer(this.#service.answers.who);
    } else if (this.#events.nextAt === at) {
      this.#events.take();
      this.#onEvent(this.#events.what, this.#events.who);
    } else if (this.#tryDeadlines.nextAt === at) {
      const deadline = this.#tryDeadlines;
      deadline.take();
      const flight = this.#flights[deadline.who];
      if (flight.turn === deadline.turn) this.#onTryFailed(flight, "RESPONSE_TIMEOUT", Outcome.TIMEOUT);
    } else if (this.#totalDeadlines.nextAt === at) {
      const deadline = this.#totalDeadlines;
      deadline.take();
      const flight = this.#flights[deadline.who];
      if (flight.life === deadline.turn) this.#onTotalTimeout(flight);
    } else {
      const { deadlines } = this.#room;
      deadlines.take();
      const flight = this.#flights[deadlines.who];
      if (flight.turn === deadlines.turn) this.#fail(flight, "QUEUE_TIMEOUT");
    }
  }

  /** Also of a request that waits for its next try. */
  #onTotalTimeout(flight: Flight): void {
    if (flight.endpoint !== undefined) this.#settle(flight, Outcome.TIMEOUT, false);
    this.#fail(flight, "TOTAL_TIMEOUT");
  }

  #onEvent(what: number, who: number): void {
    const { time } = this.#clock;
    switch (what) {
      case Event.ARRIVAL:
        this.#onArrival();
        break;
      case Event.DONE:
        this.#service.finish(who);
        break;
      case Event.TIMER:
        this.#clock.run(who);
        this.#mayHaveRoom = true;
        break;
      case Event.RETRY: {
        const flight = this.#flights[who];
        // Another time, or none: what waited then has ended since.
        if (flight.retryAt !== time) break;
        flight.retryAt = -1;
        this.#launch(flight);
        break;
      }
      case Event.CHANGE:
        this.#service.models[who].change(time);
        break;
      case Event.SAMPLE: {
        const { durationMs } = this.#scenario;
        this.#statistics.sample(this.#policy.cluster.endpoints, this.#policy.cells, time);
        if (time + durationMs / SAMPLES < durationMs) this.#events.add(time + durationMs / SAMPLES, Event.SAMPLE, 0);
        break;
      }
    }
  }

  #onArrival(): void {
    const { time } = this.#clock;
    const { arrivals, idempotent } = this.#scenario;
    const request = this.#requests++;
    this.#addArrival(this.#arrivals.afterArrival(this.#requests, time));
    const flight = this.#spare.pop() ?? this.#newFlight();
    const hash =
      arrivals.kind === "trace"
        ? arrivals.trace.hash[request]
        : this.#drawKey(uniform(this.#seed, Draw.KEY, request, 0));
    flight.start(request, time, hash, arrivals.kind === "trace" ? arrivals.trace.work[request] : 0);
    flight.idempotent = idempotent;
    this.#inFlight++;
    this.#statistics.onRequest(time);
    const { totalMs } = this.#subject.timeouts;
    if (totalMs > 0) this.#totalDeadlines.add(time + totalMs, flight.index, flight.life);
    this.#launch(flight);
  }

  /** Begins the next try, or waits for room; where neither is possible the request fails. As `Launch.begin` of the proxy. */
  #launch(flight: Flight): void {
    const room = this.#room;
    if (!room.isCrowded) {
      if (this.#try(flight)) return;
      if (!room.admits(flight.query)) {
        this.#fail(flight, flight.query.refusal);
        return;
      }
    }
    const code = room.join(flight, this.#clock.time);
    if (code !== undefined) this.#fail(flight, code);
  }

  /** Those who wait try, in their order, until one finds no room. */
  #wake(): void {
    this.#mayHaveRoom = false;
    const room = this.#room;
    for (let flight = room.first; flight !== undefined; flight = room.first) {
      const begins = this.#try(flight);
      if (!begins && room.admits(flight.query)) break;
      room.leave(flight);
      if (!begins) this.#fail(flight, flight.query.refusal);
    }
  }

  /** As `Tries.begin` of the proxy: false where there is no endpoint. */
  #try(flight: Flight): boolean {
    const { cluster, cells } = this.#policy;
    const { time } = this.#clock;
    flight.query.now = time;
    flight.query.repeats = flight.willHoldPlace;
    const endpoint = cluster.acquire(flight.query);
    if (endpoint === undefined) return false;
    flight.holdsPlace = flight.willHoldPlace;
    flight.willHoldPlace = false;
    flight.endpoint = endpoint;
    flight.tryAt = time;
    flight.tries++;
    flight.turn++;
    this.#statistics.onTry(endpoint.index, flight.tries > 1, cells[endpoint.at + EndpointCell.ACTIVE], time);
    if (this.#tryMs !== Number.POSITIVE_INFINITY) this.#tryDeadlines.add(time + this.#tryMs, flight.index, flight.turn);
    flight.bytesSent = this.#service.send(endpoint.index, flight) ? 1 : 0;
    return true;
  }

  #onAnswer(job: number): void {
    const { jobs } = this.#service;
    const owner = jobs.owner[job];
    const result = jobs.result[job] as ResultId;
    const turn = jobs.turn[job];
    jobs.put(job);
    if (owner < 0) {
      this.#probes.answer(-1 - owner, result);
      return;
    }
    const flight = this.#flights[owner];
    if (flight.turn !== turn) return;
    if (result === Result.REFUSED) this.#onTryFailed(flight, "CONNECT_REFUSED", Outcome.CONNECT_FAILED);
    else if (result === Result.SERVED) {
      this.#learn(flight, 200);
      this.#settle(flight, Outcome.OK, true);
      this.#statistics.onAnswer(flight.startedAt, this.#clock.time);
      this.#finish(flight);
    } else {
      const { errorStatus } = this.#service.models[flight.endpoint!.index].behaviour;
      this.#onStatus(flight, result === Result.FULL ? 503 : errorStatus);
    }
  }

  #onStatus(flight: Flight, status: number): void {
    this.#learn(flight, status);
    const waitMs = this.#retries.afterStatus(flight, status, this.#clock.time);
    this.#settle(flight, outcomeOfStatus(status), false);
    if (waitMs >= 0) this.#launchAfter(flight, waitMs);
    else this.#fail(flight, `STATUS ${status}`);
  }

  #learn(flight: Flight, status: number): void {
    const { time } = this.#clock;
    this.#policy.cluster.answered(flight.endpoint!, status, time - flight.tryAt, time);
  }

  #onTryFailed(flight: Flight, code: Code, outcome: OutcomeId): void {
    this.#settle(flight, outcome, false);
    const waitMs = this.#retries.afterFailure(flight, code, this.#clock.time);
    if (waitMs >= 0) this.#launchAfter(flight, waitMs);
    else this.#fail(flight, code);
  }

  #launchAfter(flight: Flight, waitMs: number): void {
    if (waitMs === 0) {
      this.#launch(flight);
      return;
    }
    flight.retryAt = this.#clock.time + waitMs;
    this.#events.add(flight.retryAt, Event.RETRY, flight.index);
  }

  /** Ends the try under way. @param served with the answer that was asked for */
  #settle(flight: Flight, outcome: OutcomeId, served: boolean): void {
    const { time } = this.#clock;
    const endpoint = flight.endpoint!;
    flight.endpoint = undefined;
    flight.turn++;
    const isAnswered = outcome === Outcome.OK || isServerError(outcome);
    this.#policy.cluster.settle(endpoint, outcome, time);
    this.#policy.count(endpoint.index, outcome, isAnswered ? time - flight.tryAt : -1);
    this.#statistics.onTryEnd(endpoint.index, served, time - flight.tryAt, time);
    this.#retries.returnPlace(flight, endpoint);
    this.#mayHaveRoom = true;
  }

  #fail(flight: Flight, error: string): void {
    this.#statistics.onFailure(flight.startedAt, this.#clock.time, error);
    this.#finish(flight);
  }

  #finish(flight: Flight): void {
    this.#room.leave(flight);
    this.#retries.end(flight);
    flight.life++;
    flight.retryAt = -1;
    this.#inFlight--;
    this.#addArrival(this.#arrivals.afterAnswer(flight.startedAt, this.#clock.time));
    this.#spare.push(flight);
  }

  #addArrival(at: number): void {
    if (at < this.#scenario.durationMs) this.#events.add(at, Event.ARRIVAL, 0);
  }

  #newFlight(): Flight {
    const flight = new Flight(this.#flights.length);
    this.#flights.push(flight);
    return flight;
  }
}
