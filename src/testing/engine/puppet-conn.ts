/**
 * A handler that does what the test says and watches that the engine keeps its contract: no callback inside a call, none
 * after the end, and in the right order.
 */
import { createRandom } from "../../base/random.js";
import type { CloseReason, Conn, ConnHandler } from "../../engine/engine.js";
import { BUFFER_SIZE, HEADROOM } from "../../engine/memory.js";
import { type Action, type Moment, patternByte } from "./protocol.js";
import type { Puppet } from "./puppet.js";

export class PuppetConn implements ConnHandler {
  readonly id: number;
  /** Set right after construction; `connect` needs the handler before there is a connection. */
  conn!: Conn;
  /** The other end of a relay. */
  partner: PuppetConn | undefined = undefined;
  readonly #puppet: Puppet;
  #opened: boolean;
  #ended = false;
  #over = false;
  #filled = 0;
  #toFill = 0;
  #pausedByEcho = false;

  constructor(puppet: Puppet, id: number, accepted: boolean) {
    this.#puppet = puppet;
    this.id = id;
    this.#opened = accepted;
  }

  onOpen(): void {
    this.#check(!this.#opened, "onOpen comes once, and not for accepted connections");
    this.#opened = true;
    this.#puppet.moment("open", { type: "open", conn: this.id });
    this.#react("open");
  }

  onData(buffer: number, start: number, end: number): void {
    this.#check(this.#opened && !this.#ended, "onData comes after onOpen and before onEnd");
    const first = buffer * BUFFER_SIZE;
    this.#check(start >= first + HEADROOM, "a chunk has headroom before it");
    this.#check(end > start && end <= first + BUFFER_SIZE, "a chunk is not empty and lies in its buffer");
    const { bytes } = this.#puppet.engine.memory;
    const text = Buffer.from(bytes.subarray(start, Math.min(end, start + 256))).toString("latin1");
    this.#puppet.moment("data", { type: "data", conn: this.id, text, size: end - start });
    this.#react("data", (action) => this.#onChunk(action, buffer, start, end));
  }

  onDrain(): void {
    this.#check(!this.conn.congested, "a drained connection is not congested");
    this.#puppet.moment("drain", { type: "drain", conn: this.id });
    if (this.#pausedByEcho) {
      this.#pausedByEcho = false;
      this.call("resume");
    }
    if (this.partner !== undefined) this.partner.call("resume");
    this.#fill();
    this.#react("drain");
  }

  onEnd(): void {
    this.#check(this.#opened && !this.#ended, "onEnd comes once, after onOpen");
    this.#ended = true;
    this.#puppet.moment("end", { type: "end", conn: this.id });
    if (this.partner !== undefined) this.partner.call("end");
    this.#react("end");
  }

  onClose(reason: CloseReason): void {
    this.#check(true, "");
    this.#over = true;
    this.#puppet.moment("close", { type: "close", conn: this.id, reason });
    const partner = this.partner;
    if (partner !== undefined) {
      this.partner = undefined;
      partner.partner = undefined;
      if (reason !== 0) partner.call("reset");
    }
    this.#react("close");
  }

  call(action: "pause" | "resume" | "end" | "finish" | "destroy" | "reset"): void {
    if (action === "destroy" || action === "reset") this.#over = true;
    this.#puppet.inside(() => this.conn[action]());
  }

  send(text: string): void {
    const { memory } = this.#puppet.engine;
    const buffer = memory.alloc();
    if (buffer < 0) throw new Error("no buffer free to send from");
    const start = buffer * BUFFER_SIZE + HEADROOM;
    const length = Buffer.from(text, "latin1").copy(memory.bytes, start);
    this.#puppet.inside(() => this.conn.send(buffer, start, start + length));
    memory.release(buffer);
  }

  fill(bytes: number): void {
    this.#toFill += bytes;
    this.#fill();
  }

  #fill(): void {
    const { memory } = this.#puppet.engine;
    while (this.#filled < this.#toFill && !this.conn.congested && !this.#over) {
      const buffer = memory.alloc();
      if (buffer < 0) throw new Error("no buffer free to fill from");
      const start = buffer * BUFFER_SIZE;
      const length = Math.min(BUFFER_SIZE, this.#toFill - this.#filled);
      for (let i = 0; i < length; i++) memory.bytes[start + i] = patternByte(this.#filled + i);
      this.#filled += length;
      this.#puppet.inside(() => this.conn.send(buffer, start, start + length));
      memory.release(buffer);
    }
  }

  #react(moment: Moment, onChunk?: (action: Action) => boolean): void {
    for (const action of this.#puppet.reactions[moment]) {
      if (onChunk?.(action) !== true) this.#puppet.act(action, this);
    }
  }

  /** True if `action` is one that needs the chunk. */
  #onChunk(action: Action, buffer: number, start: number, end: number): boolean {
    if (action.do === "keep") this.#puppet.keep(buffer);
    else if (action.do === "echo") this.#echo(action.seed, buffer, start, end);
    else if (action.do === "pass" && this.partner !== undefined) {
      const partner = this.partner;
      this.#puppet.inside(() => partner.conn.send(buffer, start, end));
      if (partner.conn.congested) this.call("pause");
    } else return action.do === "pass";
    return true;
  }

  #echo(seed: number, buffer: number, start: number, end: number): void {
    const random = createRandom(seed + end);
    for (let at = start; at < end; ) {
      const to = Math.min(end, at + random.below(6000));
      this.#puppet.inside(() => this.conn.send(buffer, at, to));
      at = to;
    }
    if (this.conn.congested && !this.#pausedByEcho) {
      this.#pausedByEcho = true;
      this.call("pause");
    }
  }

  #check(condition: boolean, rule: string): void {
    if (this.#puppet.busy > 0) this.#puppet.violation(`connection ${this.id}: a callback came inside a call`);
    if (this.#over) this.#puppet.violation(`connection ${this.id}: a callback came after the connection was over`);
    if (!condition) this.#puppet.violation(`connection ${this.id}: ${rule}`);
  }
}
