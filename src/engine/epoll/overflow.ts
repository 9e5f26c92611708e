/**
 * What a slow peer has not taken yet, outside the pool. Buffers are shared by all connections: when they run short, a
 * connection that cannot send moves its bytes here, so that slow readers cost memory but starve nobody.
 */
import { allocate, copyBytes, deallocate } from "../native/heap.js";

const INITIAL_BYTES = 32_768;

export class Overflow {
  /** Bytes that wait: `[address, address + length)`. */
  length = 0;
  #block = 0;
  #capacity = 0;
  #start = 0;

  get address(): number {
    return this.#block + this.#start;
  }

  /** Copies bytes behind those that wait. Throws when the system has no memory left. */
  append(from: number, length: number): void {
    if (this.#start + this.length + length > this.#capacity) this.#grow(length);
    copyBytes(this.#block + this.#start + this.length, from, length);
    this.length += length;
  }

  /** Drops the first `length` bytes. */
  consume(length: number): void {
    this.#start += length;
    this.length -= length;
    if (this.length === 0) this.free();
  }

  free(): void {
    if (this.#block !== 0) deallocate(this.#block);
    this.#block = 0;
    this.#capacity = 0;
    this.#start = 0;
    this.length = 0;
  }

  #grow(more: number): void {
    const capacity = Math.max(INITIAL_BYTES, (this.length + more) * 2);
    const block = allocate(capacity);
    if (block === 0) throw new RangeError(`no memory for ${capacity} bytes that wait to be sent`);
    copyBytes(block, this.address, this.length);
    if (this.#block !== 0) deallocate(this.#block);
    this.#block = block;
    this.#capacity = capacity;
    this.#start = 0;
  }
}
