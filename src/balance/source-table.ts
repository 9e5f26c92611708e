/**
 * Which endpoint a client's address was given, shared by all workers: a table of fixed size in shared memory, so that a
 * client that comes back on another worker's connection finds its endpoint, and a flood of addresses costs no memory.
 * Set-associative like a CPU's cache: an address belongs to one set of eight entries; the oldest of these makes room.
 *
 * Two 32-bit cells cannot be changed as one: an entry may get another owner between the two looks of a reader, or writes of
 * an owner. Therefore the endpoint's cell also has 16 bits of its owner's key: what does not fit the key is not believed,
 * and a client whose entry is just being taken over is balanced afresh.
 */
import { mix32 } from "../base/hash.js";

/** Integers of an entry. PLACE: endpoint slot + 1 (15 bits), and a tag of the key above it; 0 = empty. */
const Cell = { KEY: 0, PLACE: 1, SEEN_AT: 2 } as const;
const SLOT_MASK = 0x7fff;
const STRIDE = 4;
const WAYS = 8;
const SALT = 0x2545_f491;

/** Bytes of a table of at least `size` entries. */
export function sourceTableBytes(size: number): number {
  return setsFor(size) * WAYS * STRIDE * Int32Array.BYTES_PER_ELEMENT;
}

function setsFor(size: number): number {
  return 2 ** Math.ceil(Math.log2(Math.max(1, size / WAYS)));
}

export class SourceTable {
  readonly #cells: Int32Array;
  readonly #mask: number;
  readonly #ttlSeconds: number;

  /** @param buffer of `sourceTableBytes`, zeroed when it was made @param ttlMs an entry is forgotten so long after its last use */
  constructor(buffer: SharedArrayBuffer, ttlMs: number) {
    this.#cells = new Int32Array(buffer);
    this.#mask = this.#cells.length / (WAYS * STRIDE) - 1;
    this.#ttlSeconds = ttlMs / 1000;
  }

  /** @param hash of the address @param now milliseconds of the process's clock @returns the endpoint's slot, or -1 */
  find(hash: number, now: number): number {
    const cells = this.#cells;
    const key = keyOf(hash);
    const at = this.#entryOf(key);
    if (at < 0 || this.#isExpired(at, now)) return -1;
    const place = Atomics.load(cells, at + Cell.PLACE);
    return place >>> 15 === tagOf(key) ? (place & SLOT_MASK) - 1 : -1;
  }

  /** The address was given the endpoint in `slot`: now, and again. */
  store(hash: number, slot: number, now: number): void {
    const cells = this.#cells;
    const key = keyOf(hash);
    const second = secondOf(now);
    const place = (tagOf(key) << 15) | (slot + 1);
    // Another thread may take the same entry for somebody else: then the next oldest is tried. Losing often enough means
    // that the table is far too small, and then it does not matter.
    for (let tries = 0; tries < WAYS; tries++) {
      let at = this.#entryOf(key);
      if (at < 0) {
        at = this.#oldest(key, now);
        const owner = Atomics.load(cells, at + Cell.KEY);
        const seen = Atomics.compareExchange(cells, at + Cell.KEY, owner, key);
        if (seen !== owner && seen !== key) continue;
      }
      // A table that is read far more often than it changes: written only where something is new.
      if (Atomics.load(cells, at + Cell.SEEN_AT) !== second) Atomics.store(cells, at + Cell.SEEN_AT, second);
      if (Atomics.load(cells, at + Cell.PLACE) !== place) Atomics.store(cells, at + Cell.PLACE, place);
      return;
    }
  }

  /** Index of the entry that belongs to `key`, or -1. */
  #entryOf(key: number): number {
    const first = this.#setOf(key);
    for (let at = first; at < first + WAYS * STRIDE; at += STRIDE) {
      if (Atomics.load(this.#cells, at + Cell.KEY) === key) return at;
    }
    return -1;
  }

  /** An empty or expired entry of the key's set, else the one that was not used for longest. */
  #oldest(key: number, now: number): number {
    const cells = this.#cells;
    const first = this.#setOf(key);
    const second = secondOf(now);
    let oldest = first;
    let longest = -1;
    for (let at = first; at < first + WAYS * STRIDE; at += STRIDE) {
      if (Atomics.load(cells, at + Cell.PLACE) === 0 || this.#isExpired(at, now)) return at;
      const unused = second - Atomics.load(cells, at + Cell.SEEN_AT);
      if (unused > longest) {
        longest = unused;
        oldest = at;
      }
    }
    return oldest;
  }

  #setOf(key: number): number {
    return (mix32(key ^ SALT) & this.#mask) * WAYS * STRIDE;
  }

  #isExpired(at: number, now: number): boolean {
    return secondOf(now) - Atomics.load(this.#cells, at + Cell.SEEN_AT) > this.#ttlSeconds;
  }
}

/** 0 says that an entry is empty. */
function keyOf(hash: number): number {
  return hash === 0 ? 1 : hash | 0;
}

/** 16 bits that the set of a key does not depend on. */
function tagOf(key: number): number {
  return (key >>> 16) ^ (key & 0xffff);
}

function secondOf(now: number): number {
  return Math.floor(now / 1000);
}
