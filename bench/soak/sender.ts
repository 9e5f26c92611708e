/** Writes buffers to a socket one by one, with backpressure, so that each leaves as a segment of its own. */
import type { Socket } from "node:net";
import type { Random } from "../../src/base/random.js";

export class Sender {
  readonly #socket: Socket;
  #pieces: readonly Buffer[] = [];
  #next = 0;
  #pauseMs = 0;
  #random: Random | undefined = undefined;
  #done: () => void = () => {};
  #stopped = true;
  readonly #step = (): void => this.#run();

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("drain", this.#step);
  }

  /** @param done called when everything has been written; not after `stop` */
  send(pieces: readonly Buffer[], pauseMs: number, random: Random, done: () => void): void {
    this.#pieces = pieces;
    this.#next = 0;
    this.#pauseMs = pauseMs;
    this.#random = random;
    this.#done = done;
    this.#stopped = false;
    this.#run();
  }

  /** Nothing more is written. */
  stop(): void {
    this.#stopped = true;
  }

  #run(): void {
    if (this.#stopped || this.#socket.destroyed || this.#socket.writableNeedDrain) return;
    if (this.#next === this.#pieces.length) {
      this.#stopped = true;
      this.#done();
      return;
    }
    const flushed = this.#socket.write(this.#pieces[this.#next++]);
    if (this.#next === this.#pieces.length && flushed) this.#run();
    else if (this.#pauseMs > 0 && flushed) setTimeout(this.#step, 1 + this.#random!.below(this.#pauseMs));
    else if (flushed) setImmediate(this.#step);
  }
}
