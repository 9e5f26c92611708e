/** What is on its way to the endpoints, at them, and on its way back: requests and checks alike. */
import type { Scenario } from "../model/scenario.js";
import type { ClusterSpec } from "../model/spec.js";
import { Draw, uniform } from "./chance.js";
import { Deadlines } from "./deadlines.js";
import { EndpointModel } from "./endpoint-model.js";
import type { EventQueue } from "./event-queue.js";
import type { Flight } from "./flight.js";
import { Jobs, Result } from "./jobs.js";
import type { VirtualClock } from "./virtual-clock.js";

/** Numbers of the events that have to lead here. */
interface ServiceEvents {
  readonly done: number;
  readonly change: number;
}

export class Service {
  readonly jobs = new Jobs();
  readonly models: readonly EndpointModel[];
  /** Answers on their way back; `who` is a job. */
  readonly answers = new Deadlines();
  readonly #scenario: Scenario;
  readonly #seed: number;
  readonly #clock: VirtualClock;

  constructor(
    spec: ClusterSpec,
    scenario: Scenario,
    seed: number,
    clock: VirtualClock,
    queue: EventQueue,
    events: ServiceEvents,
  ) {
    this.#scenario = scenario;
    this.#seed = seed;
    this.#clock = clock;
    this.models = spec.endpoints.map(({ id }, index) => {
      const script = scenario.endpoints.get(id) ?? scenario.others;
      for (const { atMs } of script.changes) queue.add(atMs, events.change, index);
      return new EndpointModel(script, this.jobs, queue, events.done);
    });
  }

  /** Sends a flight's try to the endpoint with this index; false if that does not even see it. */
  send(endpoint: number, flight: Flight): boolean {
    const job = this.#newJob(endpoint, flight.index, flight.turn);
    this.jobs.work[job] = uniform(this.#seed, Draw.WORK, flight.request, flight.tries);
    this.jobs.luck[job] = uniform(this.#seed, Draw.ERROR, flight.request, flight.tries);
    this.jobs.recorded[job] = flight.recorded;
    return this.#send(job);
  }

  /** Sends a check. @param works false: it only connects */
  sendProbe(endpoint: number, number: number, works: boolean): void {
    const job = this.#newJob(endpoint, -1 - number, 0);
    this.jobs.work[job] = uniform(this.#seed, Draw.PROBE, number, 0);
    this.jobs.luck[job] = uniform(this.#seed, Draw.PROBE, number, 1);
    this.jobs.recorded[job] = 0;
    const { down } = this.models[endpoint].behaviour;
    if (works || down) this.#send(job);
    else {
      this.jobs.result[job] = Result.SERVED;
      this.#answerLater(job);
    }
  }

  /** The service of a job is over. */
  finish(job: number): void {
    this.models[this.jobs.endpoint[job]].finish(this.#clock.time);
    this.#answerLater(job);
  }

  /** By endpoint. */
  utilisations(): (number | undefined)[] {
    const { durationMs } = this.#scenario;
    return this.models.map(({ behaviour, served }) =>
      behaviour.servers === 0 ? undefined : served / behaviour.servers / durationMs,
    );
  }

  #newJob(endpoint: number, owner: number, turn: number): number {
    const { jobs } = this;
    const job = jobs.take();
    jobs.endpoint[job] = endpoint;
    jobs.owner[job] = owner;
    jobs.turn[job] = turn;
    return job;
  }

  #send(job: number): boolean {
    const model = this.models[this.jobs.endpoint[job]];
    const { behaviour } = model;
    if (behaviour.down) {
      this.jobs.result[job] = Result.REFUSED;
      this.#answerLater(job);
      return false;
    }
    if (behaviour.hangs) this.jobs.put(job);
    else if (!model.take(job, this.#clock.time)) {
      this.jobs.result[job] = Result.FULL;
      this.#answerLater(job);
    }
    return true;
  }

  #answerLater(job: number): void {
    this.answers.add(this.#clock.time + this.#scenario.roundTripMs, job, 0);
  }
}
