/**
 * An endpoint as a queueing system: so many servers, a queue in the order of arrival, service times from a distribution,
 * and a script by which all of this changes. It does not learn that a client has given up, as servers hardly do: what was
 * begun or queued is worked off, and that is what makes retry storms last.
 */
import type { Behaviour, EndpointScript } from "../model/scenario.js";
import { quantile } from "./distribution.js";
import type { EventQueue } from "./event-queue.js";
import { grown, type Jobs, Result } from "./jobs.js";

export class EndpointModel {
  behaviour: Behaviour;
  /** Being served now. */
  busy = 0;
  /** Service time begun so far, milliseconds; over time and servers, this is the utilisation. */
  served = 0;
  readonly #script: EndpointScript;
  readonly #jobs: Jobs;
  readonly #events: EventQueue;
  readonly #done: number;
  /** A ring of jobs. */
  #queue = new Int32Array(64);
  #first = 0;
  #waiting = 0;

  /** @param done the number of the event that has to lead to `finish` */
  constructor(script: EndpointScript, jobs: Jobs, events: EventQueue, done: number) {
    this.behaviour = script.first;
    this.#script = script;
    this.#jobs = jobs;
    this.#events = events;
    this.#done = done;
  }

  /** Those who wait, not being served. */
  get waiting(): number {
    return this.#waiting;
  }

  /** What is true from `now` on; as many waiting jobs are begun as it allows. */
  change(now: number): void {
    for (const change of this.#script.changes) if (change.atMs <= now) this.behaviour = change.behaviour;
    while (this.#waiting > 0 && this.#hasServer()) this.#begin(this.#next(), now);
  }

  /** A job arrives. False where it is not taken: the queue is full. */
  take(job: number, now: number): boolean {
    if (this.#hasServer()) {
      this.#begin(job, now);
      return true;
    }
    if (this.#waiting >= this.behaviour.queue) return false;
    if (this.#waiting === this.#queue.length) this.#grow();
    this.#queue[(this.#first + this.#waiting++) & (this.#queue.length - 1)] = job;
    return true;
  }

  /** A job's service is over: the next one begins. */
  finish(now: number): void {
    this.busy--;
    if (this.#waiting > 0 && this.#hasServer()) this.#begin(this.#next(), now);
  }

  #hasServer(): boolean {
    const { servers } = this.behaviour;
    return servers === 0 || this.busy < servers;
  }

  #begin(job: number, now: number): void {
    const jobs = this.#jobs;
    const { service, slower, errors, errorMs } = this.behaviour;
    const fails = jobs.luck[job] < errors;
    const ms = fails ? errorMs : slower * quantile(service, jobs.work[job], jobs.recorded[job]);
    jobs.result[job] = fails ? Result.FAILED : Result.SERVED;
    this.busy++;
    this.served += ms;
    this.#events.add(now + ms, this.#done, job);
  }

  #next(): number {
    const job = this.#queue[this.#first];
    this.#first = (this.#first + 1) & (this.#queue.length - 1);
    this.#waiting--;
    return job;
  }

  #grow(): void {
    const unrolled = new Int32Array(this.#queue.length);
    for (let i = 0; i < unrolled.length; i++) unrolled[i] = this.#queue[(this.#first + i) & (unrolled.length - 1)];
    this.#first = 0;
    this.#queue = grown(unrolled);
  }
}
