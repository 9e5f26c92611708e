/**
 * Whether a client keeps up: the bytes that it sends or reads between two looks, against the listener's least rate. Slow
 * ones would hold buffers and an endpoint for as long as they like.
 */
import type { Conn } from "../../engine/engine.js";
import type { HttpListener } from "./http-listener.js";

export class ClientPace {
  /** Bytes received so far. */
  received = 0;
  /** Bytes handed to its connection so far. */
  sent = 0;
  /** When to look next, on the engine's clock; Infinity = nobody watches. */
  nextAt = Number.POSITIVE_INFINITY;
  readonly #listener: HttpListener;
  readonly #conn: Conn;
  /** What was received and read when the last look was taken. */
  #receivedMark = 0;
  #readMark = 0;

  constructor(listener: HttpListener, conn: Conn) {
    this.#listener = listener;
    this.#conn = conn;
  }

  get isWatched(): boolean {
    return this.nextAt !== Number.POSITIVE_INFINITY;
  }

  /** The next look is one period from now, and counts from here. */
  mark(): void {
    this.markReceived();
    this.markRead();
  }

  /** The same, but what was received goes on counting from the last `markReceived`. */
  markRead(): void {
    this.#readMark = this.sent - this.#conn.unsent;
    this.nextAt = this.#listener.context.engine.now() + this.#listener.spec.timeouts.bodyIdleMs;
  }

  /** Only what is received counts from here. */
  markReceived(): void {
    this.#receivedMark = this.received;
  }

  unwatch(): void {
    this.nextAt = Number.POSITIVE_INFINITY;
  }

  /** Since the last mark. */
  get receivedSince(): number {
    return this.received - this.#receivedMark;
  }

  /** Since the last mark it sent less than the listener asks for. */
  get sendsTooSlowly(): boolean {
    return this.receivedSince < this.#leastBytes;
  }

  /** Since the last mark it read less than the listener asks for, although there was more. */
  get readsTooSlowly(): boolean {
    return this.#conn.unsent > 0 && this.sent - this.#conn.unsent - this.#readMark < this.#leastBytes;
  }

  /** What has to move between two looks. */
  get #leastBytes(): number {
    const { minBytesPerSecond, bodyIdleMs } = this.#listener.spec.timeouts;
    return Math.max(1, (minBytesPerSecond * bodyIdleMs) / 1000);
  }
}
