/**
 * Arguments of IORING_OP_SENDMSG for all that waits on one connection: one operation for many chunks. The kernel reads
 * them when the entry is submitted, so a rotating set of places is enough.
 */

import type { Ring } from "../native/io-uring.js";
import { mapMemory } from "../native/libc.js";
import type { SendQueue } from "../send-queue.js";

/** Chunks per operation. */
export const MAX_GATHERED = 32;
const PLACES = 128;
const HEADER_INTS = 16;
const PLACE_INTS = HEADER_INTS + MAX_GATHERED * 4;
/** Offsets in `struct msghdr`, in integers. */
const IOV = 4;
const IOV_LENGTH = 6;

export class Gather {
  readonly #memory = mapMemory(PLACES * PLACE_INTS * 4);
  readonly #ints = new Int32Array(this.#memory.bytes.buffer, 0, PLACES * PLACE_INTS);
  readonly #ring: Ring;
  #place = 0;
  /** Chunks that the last `fill` took in. */
  count = 0;

  constructor(ring: Ring) {
    this.#ring = ring;
  }

  /**
   * Describes the oldest chunks of `queue` and returns the address of the msghdr.
   * @param addressOf where a chunk's buffer begins
   */
  fill(queue: SendQueue, owner: { addressOf(buffer: number): number }): number {
    this.#place = (this.#place + 1) % PLACES;
    if (this.#place === 0) this.#ring.submit();
    const header = this.#place * PLACE_INTS;
    this.count = Math.min(queue.count, MAX_GATHERED);
    for (let i = 0; i < this.count; i++) {
      queue.peek(i);
      const at = header + HEADER_INTS + i * 4;
      this.#setAddress(at, owner.addressOf(queue.buffer) + queue.start);
      this.#ints[at + 2] = queue.end - queue.start;
    }
    this.#setAddress(header + IOV, this.#memory.base + (header + HEADER_INTS) * 4);
    this.#ints[header + IOV_LENGTH] = this.count;
    return this.#memory.base + header * 4;
  }

  free(): void {
    this.#memory.free();
  }

  #setAddress(at: number, address: number): void {
    this.#ints[at] = address | 0;
    this.#ints[at + 1] = Math.floor(address / 0x1_0000_0000);
  }
}
