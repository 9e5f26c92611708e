/** Arguments of sendmsg(2) for all that waits on one connection: `struct msghdr` and its `struct iovec`s. */
import { mapMemory } from "../native/libc.js";
import type { EpollConn } from "./epoll-conn.js";

/** Ranges per call. */
const RANGES = 64;
const HEADER_INTS = 16;
const RANGE_INTS = 4;
/** Offsets in `struct msghdr`, in integers. */
const IOV = 4;
const IOV_LENGTH = 6;

export class Gather {
  readonly #page = mapMemory(4096);
  readonly #ints = new Int32Array(this.#page.bytes.buffer, 0, 1024);
  readonly #memoryBase: number;
  #count = 0;

  constructor(memoryBase: number) {
    this.#memoryBase = memoryBase;
    this.#setAddress(IOV, this.#page.base + HEADER_INTS * 4);
  }

  /** Fills in the oldest ranges of `conn` and returns the address of the msghdr; valid until the next call. */
  fill(conn: EpollConn): number {
    this.#count = 0;
    const { overflow, queue } = conn;
    if (overflow !== undefined && overflow.length > 0) this.#push(overflow.address, overflow.length);
    if (conn.head >= 0) this.#push(this.#memoryBase + conn.headStart, conn.headEnd - conn.headStart);
    const more = queue === undefined ? 0 : Math.min(queue.count, RANGES - 2);
    for (let i = 0; i < more; i++) {
      queue!.peek(i);
      this.#push(this.#memoryBase + queue!.start, queue!.end - queue!.start);
    }
    this.#ints[IOV_LENGTH] = this.#count;
    return this.#page.base;
  }

  free(): void {
    this.#page.free();
  }

  #push(address: number, length: number): void {
    const at = HEADER_INTS + this.#count++ * RANGE_INTS;
    this.#setAddress(at, address);
    this.#ints[at + 2] = length;
  }

  #setAddress(at: number, address: number): void {
    this.#ints[at] = address | 0;
    this.#ints[at + 1] = Math.floor(address / 0x1_0000_0000);
  }
}
