/**
 * One run: requests arrive, the production policy chooses, modelled endpoints serve, timeouts and retries follow the rules
 * that the proxy follows, and everything is counted. The same input and seed give the same figures, bit for bit.
 */
import { type Code, TRAITS } from "../base/errors.js";
import { EndpointCell } from "../model/cells.js";
import { isServerError, Outcome, type OutcomeId, outcomeOfStatus } from "../model/outcome.js";
import type { Scenario } from "../model/scenario.js";
import { mayRetry, mayRetryStatus } from "../resilience/retry-policy.js";
import { Arrivals } from "./arrivals.js";
import { Draw, uniform } from "./chance.js";
import { Deadlines } from "./deadlines.js";
import { EndpointModel } from "./endpoint-model.js";
import { EventQueue } from "./event-queue.js";
import type { Figures } from "./figures.js";
import { Flight } from "./flight.js";
import { Jobs, Result, type ResultId } from "./jobs.js";
import { createKeys, type DrawKey } from "./keys.js";
import { createPolicy, type Policy } from "./policy.js";
import { Probes } from "./probes.js";
import { Statistics } from "./statistics.js";
import type { Subject } from "./subject.js";
import { VirtualClock } from "./virtual-clock.js";

const Event = { ARRIVAL: 0, DONE: 1, TIMER: 2, CHANGE: 3, SAMPLE: 4 } as const;

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
  /** Answers on their way back. */
  readonly #answers = new Deadlines();
  readonly #tryDeadlines = new Deadlines();
  readonly #totalDeadlines = new Deadlines();
  readonly #jobs = new Jobs();
  readonly #models: readonly EndpointModel[];
  readonly #probes: Probes;
  readonly #policy: Policy;
  readonly #statistics: Statistics;
  readonly #arrivals: Arrivals;
  readonly #drawKey: DrawKey;
  readonly #flights: Flight[] = [];
  readonly #spare: Flight[] = [];
  #requests = 0;
  #inFlight = 0;

  constructor(subject: Subject, scenario: Scenario, seed: number) {
    this.#subject = subject;
    this.#scenario = scenario;
    this.#seed = seed;
    const { cluster, timeouts } = subject;
    const { perTryMs, responseHeaderMs } = timeouts;
    this.#tryMs = Math.min(perTryMs || Number.POSITIVE_INFINITY, responseHeaderMs || Number.POSITIVE_INFINITY);
    this.#models = cluster.endpoints.map(
      ({ id }) =>
        new EndpointModel(scenario.endpoints.get(id) ?? scenario.others, this.#jobs, this.#events, Event.DONE),
    );
    this.#probes = new Probes(this.#clock, cluster, this.#models, (endpoint, number, works) =>
      this.#sendProbe(endpoint, number, works),
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
  }

  run(): Figures {
    const { durationMs } = this.#scenario;
    const events = this.#events;
    for (const at of this.#arrivals.first()) this.#addArrival(at);
    this.#models.forEach((_, index) => {
      const { endpoints, others } = this.#scenario;
      const { changes } = endpoints.get(this.#subject.cluster.endpoints[index].id) ?? others;
      for (const { atMs } of changes) events.add(atMs, Event.CHANGE, index);
    });
    events.add(durationMs / SAMPLES / 2, Event.SAMPLE, 0);
    for (;;) {
      const at = Math.min(events.nextAt, this.#answers.nextAt, this.#tryDeadlines.nextAt, this.#totalDeadlines.nextAt);
      if (at >= durationMs && (this.#inFlight === 0 || at > durationMs + PATIENCE_MS)) break;
      this.#clock.time = at;
      this.#step(at);
    }
    this.#policy.close();
    const { cluster } = this.#subject;
    const about = { cluster: cluster.name, policy: cluster.balance.policy, seed: this.#seed };
    return this.#statistics.figures(about, Math.min(durationMs, this.#clock.time), this.#utilisations());
  }

  /** An answer that comes just in time is in time. */
  #step(at: number): void {
    if (this.#answers.nextAt === at) {
      this.#answers.take();
      this.#onAnswer(this.#answers.who);
    } else if (this.#events.nextAt === at) {
      this.#events.take();
      this.#onEvent(this.#events.what, this.#events.who);
    } else if (this.#tryDeadlines.nextAt === at) {
      const deadline = this.#tryDeadlines;
      deadline.take();
      const flight = this.#flights[deadline.who];
      if (flight.turn === deadline.turn) this.#onTryFailed(flight, "RESPONSE_TIMEOUT", Outcome.TIMEOUT);
    } else {
      const deadline = this.#totalDeadlines;
      deadline.take();
      const flight = this.#flights[deadline.who];
      if (flight.life === deadline.turn) {
        this.#settle(flight, Outcome.TIMEOUT, false);
        this.#fail(flight, "TOTAL_TIMEOUT");
      }
    }
  }

  #onEvent(what: number, who: number): void {
    const { time } = this.#clock;
    switch (what) {
      case Event.ARRIVAL:
        this.#onArrival();
        break;
      case Event.DONE:
        this.#models[this.#jobs.endpoint[who]].finish(time);
        this.#answerLater(who);
        break;
      case Event.TIMER:
        this.#clock.run(who);
        break;
      case Event.CHANGE:
        this.#models[who].change(time);
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
    this.#try(flight);
  }

  /** As `Tries.begin` of the proxy. */
  #try(flight: Flight): void {
    const { cluster, cells } = this.#policy;
    const { time } = this.#clock;
    flight.holdsPlace = flight.willHoldPlace;
    flight.willHoldPlace = false;
    flight.query.now = time;
    const endpoint = cluster.acquire(flight.query);
    if (endpoint === undefined) {
      this.#returnPlace(flight);
      this.#fail(flight, flight.query.refusal);
      return;
    }
    flight.endpoint = endpoint;
    flight.tryAt = time;
    flight.tries++;
    flight.turn++;
    this.#statistics.onTry(endpoint.index, flight.tries > 1, cells[endpoint.at + EndpointCell.ACTIVE], time);
    if (this.#tryMs !== Number.POSITIVE_INFINITY) this.#tryDeadlines.add(time + this.#tryMs, flight.index, flight.turn);
    const job = this.#newJob(endpoint.index, flight.index, flight.turn);
    this.#jobs.work[job] = uniform(this.#seed, Draw.WORK, flight.request, flight.tries);
    this.#jobs.luck[job] = uniform(this.#seed, Draw.ERROR, flight.request, flight.tries);
    this.#jobs.recorded[job] = flight.recorded;
    flight.bytesSent = this.#send(job) ? 1 : 0;
  }

  #newJob(endpoint: number, owner: number, turn: number): number {
    const jobs = this.#jobs;
    const job = jobs.take();
    jobs.endpoint[job] = endpoint;
    jobs.owner[job] = owner;
    jobs.turn[job] = turn;
    return job;
  }

  /** False if the endpoint does not even see it. */
  #send(job: number): boolean {
    const model = this.#models[this.#jobs.endpoint[job]];
    const { behaviour } = model;
    if (behaviour.down) {
      this.#jobs.result[job] = Result.REFUSED;
      this.#answerLater(job);
      return false;
    }
    if (behaviour.hangs) {
      this.#jobs.put(job);
    } else if (!model.take(job, this.#clock.time)) {
      this.#jobs.result[job] = Result.FULL;
      this.#answerLater(job);
    }
    return true;
  }

  #sendProbe(endpoint: number, number: number, works: boolean): void {
    const job = this.#newJob(endpoint, -1 - number, 0);
    this.#jobs.work[job] = uniform(this.#seed, Draw.PROBE, number, 0);
    this.#jobs.luck[job] = uniform(this.#seed, Draw.PROBE, number, 1);
    this.#jobs.recorded[job] = 0;
    const { down } = this.#models[endpoint].behaviour;
    if (works || down) this.#send(job);
    else {
      this.#jobs.result[job] = Result.SERVED;
      this.#answerLater(job);
    }
  }

  #answerLater(job: number): void {
    this.#answers.add(this.#clock.time + this.#scenario.roundTripMs, job, 0);
  }

  #onAnswer(job: number): void {
    const jobs = this.#jobs;
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
      const { errorStatus } = this.#models[flight.endpoint!.index].behaviour;
      this.#onStatus(flight, result === Result.FULL ? 503 : errorStatus);
    }
  }

  #onStatus(flight: Flight, status: number): void {
    this.#learn(flight, status);
    const isRepeated = mayRetryStatus(flight, status, this.#subject.retry) && this.#takePlace(flight);
    this.#settle(flight, outcomeOfStatus(status), false);
    if (isRepeated) this.#try(flight);
    else this.#fail(flight, `STATUS ${status}`);
  }

  #learn(flight: Flight, status: number): void {
    const { time } = this.#clock;
    this.#policy.cluster.answered(flight.endpoint!, status, time - flight.tryAt, time);
  }

  /** As the proxy: what nobody has seen is repeated without asking the budget, since it adds no work. */
  #onTryFailed(flight: Flight, code: Code, outcome: OutcomeId): void {
    this.#settle(flight, outcome, false);
    const isRepeated =
      mayRetry(flight, code, this.#subject.retry) && (TRAITS[code].retry === "safe" || this.#takePlace(flight));
    if (isRepeated) this.#try(flight);
    else this.#fail(flight, code);
  }

  #takePlace(flight: Flight): boolean {
    flight.willHoldPlace = this.#policy.cluster.admission.beginRetry();
    if (!flight.willHoldPlace) this.#statistics.onDenied(this.#clock.time);
    return flight.willHoldPlace;
  }

  #returnPlace(flight: Flight): void {
    if (flight.holdsPlace) this.#policy.cluster.admission.endRetry();
    flight.holdsPlace = false;
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
    this.#returnPlace(flight);
  }

  #fail(flight: Flight, error: string): void {
    this.#statistics.onFailure(flight.startedAt, this.#clock.time, error);
    this.#finish(flight);
  }

  #finish(flight: Flight): void {
    flight.life++;
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

  #utilisations(): (number | undefined)[] {
    const { durationMs } = this.#scenario;
    return this.#models.map(({ behaviour, served }) =>
      behaviour.servers === 0 ? undefined : served / behaviour.servers / durationMs,
    );
  }
}
