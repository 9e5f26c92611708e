/**
 * Copies of what slow peers have not taken, outside the pool. Buffers are shared by all connections, and the kernel
 * holds the ones it sends from: once memory runs short, what is to be sent waits in here, so that slow readers cost
 * memory (bounded by the high-water mark of each) but starve nobody.
 */
import { allocate, copyBytes, deallocate } from "../native/heap.js";

/** Handles are at or below this, so that they differ from buffers and from -1. */
const FIRST = -2;

export class Spill {
  readonly #addresses: number[] = [];
  readonly #free: number[] = [];

  /** Copies `length` bytes from `address`; returns a handle. Throws when the system has no memory left. */
  put(address: number, length: number): number {
    const index = this.#free.pop() ?? this.#addresses.length;
    const block = allocate(length);
    if (block === 0) throw new Error(`no memory for ${length} bytes that wait to be sent`);
    copyBytes(block, address, length);
    this.#addresses[index] = block;
    return FIRST - index;
  }

  addressOf(handle: number): number {
    return this.#addresses[FIRST - handle];
  }

  drop(handle: number): void {
    const index = FIRST - handle;
    deallocate(this.#addresses[index]);
    this.#addresses[index] = 0;
    this.#free.push(index);
  }
}
