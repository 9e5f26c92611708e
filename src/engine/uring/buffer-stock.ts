/** The buffers that stand ready for receiving, and the connections that wait for one. */
import { BUFFER_SIZE, HEADROOM, type Memory } from "../memory.js";
import type { Ring } from "../native/io-uring.js";
import type { UringConn } from "./uring-conn.js";
import type { UringEngine } from "./uring-engine.js";

/** Buffer group of the one provided ring. */
export const GROUP = 1;
/** The ring's capacity, and how many buffers stand ready in it: few, so that they stay in the CPU's cache. */
const CAPACITY = 256;
const READY = 128;

export class BufferStock {
  /** Unsent bytes at which a connection counts as congested: less when memory runs short. */
  highWater: number;
  /** Half of the memory is in use. As of the last turn. */
  isShort = false;
  readonly #ring: Ring;
  readonly #memory: Memory;
  readonly #highWaterBytes: number;
  #ready = 0;
  readonly #starved: UringConn[] = [];

  constructor(ring: Ring, memory: Memory, highWaterBytes: number) {
    this.#ring = ring;
    this.#memory = memory;
    this.#highWaterBytes = highWaterBytes;
    this.highWater = highWaterBytes;
    ring.provideRing(GROUP, CAPACITY);
  }

  /** The kernel has filled one of them. */
  used(): void {
    this.#ready--;
  }

  /** This connection's receive ended for want of a buffer. */
  starve(conn: UringConn): void {
    conn.starved = true;
    this.#starved.push(conn);
  }

  /** Before each turn: keeps the ring stocked, but leaves an eighth of the memory to those who build messages. */
  refill(): void {
    const memory = this.#memory;
    const reserve = memory.count >> 3;
    const target = Math.min(READY, memory.count >> 2);
    while (this.#ready < target && memory.available > reserve) {
      const buffer = memory.alloc();
      this.#ring.provide(buffer, memory.base + buffer * BUFFER_SIZE + HEADROOM, BUFFER_SIZE - HEADROOM);
      this.#ready++;
    }
    this.#ring.publish();
    // With half of the memory gone no connection may hold more than two buffers: the slow ones must not starve the rest.
    this.isShort = memory.available * 2 < memory.count;
    this.highWater = this.isShort ? Math.min(2 * BUFFER_SIZE, this.#highWaterBytes) : this.#highWaterBytes;
  }

  /**
   * After `refill`: arms starved connections, the longest waiting first, but no more than there are buffers. The others would
   * ask in vain. Those that are armed have something to receive, so another turn follows.
   */
  feed(engine: UringEngine): void {
    let left = this.#ready;
    let fed = 0;
    for (; fed < this.#starved.length && left > 0; fed++) {
      const conn = this.#starved[fed];
      conn.starved = false;
      engine.armReceive(conn);
      if (conn.receiving) left--;
    }
    if (fed > 0) this.#starved.splice(0, fed);
  }

  /** Gives all buffers back. */
  release(): void {
    for (const buffer of this.#ring.provided(this.#ready)) this.#memory.release(buffer);
    this.#ready = 0;
  }
}
