/**
 * The bytes of one worker: fixed-size buffers in one typed array, so that a chunk is three integers and every codec
 * reads the same monomorphic `bytes`. Buffers are counted: who keeps a buffer beyond its callback retains it.
 */

/**
 * Size of one buffer: 16 KiB, HAProxy's default too (a 10 KB response with its head fits into one), and five cache
 * lines. Were it a power of two, the first bytes of all buffers would compete for the same few places of the CPU's caches.
 */
export const BUFFER_SIZE = 16_384 + 5 * 64;

/**
 * Writable room before the first received byte of a chunk that starts a buffer, so that a rewritten head that is longer
 * than the original can be put in front of the body without moving the body.
 */
export const HEADROOM = 512;

export class Memory {
  /** All buffers, back to back; buffer `b` is `[b * BUFFER_SIZE, (b + 1) * BUFFER_SIZE)`. */
  readonly bytes: Uint8Array;
  /** The address of `bytes[0]` for the kernel; 0 where no FFI is in use. */
  readonly base: number;
  /** How many buffers there are. */
  readonly count: number;
  #refs: Uint16Array;
  #free: Int32Array;
  #freeCount = 0;
  #touched = 0;

  /** @param bytes its length is a multiple of BUFFER_SIZE, at most 2^31 so that offsets stay small integers */
  constructor(bytes: Uint8Array, base: number) {
    this.bytes = bytes;
    this.base = base;
    this.count = Math.floor(bytes.length / BUFFER_SIZE);
    this.#refs = new Uint16Array(this.count);
    this.#free = new Int32Array(this.count);
  }

  /** Buffers in use. Touched-but-free buffers are resident memory, not use. */
  get used(): number {
    return this.#touched - this.#freeCount;
  }

  /** Buffers that `alloc` could still hand out. */
  get available(): number {
    return this.count - this.#touched + this.#freeCount;
  }

  /** A buffer with one reference, or -1 when all are in use. Last freed, first used: it is still in the CPU's cache. */
  alloc(): number {
    let buffer: number;
    if (this.#freeCount > 0) buffer = this.#free[--this.#freeCount];
    else if (this.#touched < this.count) buffer = this.#touched++;
    else return -1;
    this.#refs[buffer] = 1;
    return buffer;
  }

  retain(buffer: number): void {
    this.#refs[buffer]++;
  }

  release(buffer: number): void {
    const refs = this.#refs[buffer] - 1;
    this.#refs[buffer] = refs;
    if (refs === 0) this.#free[this.#freeCount++] = buffer;
  }

  /** True if the caller's reference is the only one: then bytes outside the caller's range may be overwritten. */
  isSole(buffer: number): boolean {
    return this.#refs[buffer] === 1;
  }
}
