/** Chunks that wait, each with a reference to its buffer: a ring of integer triples. */

/** Takes references back. */
export interface BufferOwner {
  release(buffer: number): void;
}

const INITIAL_CHUNKS = 8;

export class SendQueue {
  #items = new Int32Array(INITIAL_CHUNKS * 3);
  #head = 0;
  count = 0;
  /** The chunk that `shift` took last. */
  buffer = 0;
  start = 0;
  end = 0;

  push(buffer: number, start: number, end: number): void {
    const capacity = this.#items.length / 3;
    if (this.count === capacity) this.#grow(capacity);
    const at = ((this.#head + this.count) & (this.#items.length / 3 - 1)) * 3;
    this.#items[at] = buffer;
    this.#items[at + 1] = start;
    this.#items[at + 2] = end;
    this.count++;
  }

  /** Takes the oldest chunk into `buffer`, `start`, `end`. Only when `count` > 0. */
  shift(): void {
    const at = this.#head * 3;
    this.buffer = this.#items[at];
    this.start = this.#items[at + 1];
    this.end = this.#items[at + 2];
    this.#head = (this.#head + 1) & (this.#items.length / 3 - 1);
    this.count--;
  }

  /** Puts a chunk back in front of all others. */
  unshift(buffer: number, start: number, end: number): void {
    const capacity = this.#items.length / 3;
    if (this.count === capacity) this.#grow(capacity);
    this.#head = (this.#head - 1) & (this.#items.length / 3 - 1);
    const at = this.#head * 3;
    this.#items[at] = buffer;
    this.#items[at + 1] = start;
    this.#items[at + 2] = end;
    this.count++;
  }

  /** Takes `bytes` sent bytes off the front; chunks that are sent whole go back to their owner. */
  consume(bytes: number, owner: BufferOwner): void {
    let left = bytes;
    while (left > 0) {
      this.peek(0);
      const length = this.end - this.start;
      if (left < length) {
        this.#items[this.#head * 3 + 1] += left;
        return;
      }
      left -= length;
      this.shift();
      owner.release(this.buffer);
    }
  }

  /** Reads chunk `index` (0 = oldest) into `buffer`, `start`, `end`, and leaves it where it is. */
  peek(index: number): void {
    const at = ((this.#head + index) & (this.#items.length / 3 - 1)) * 3;
    this.buffer = this.#items[at];
    this.start = this.#items[at + 1];
    this.end = this.#items[at + 2];
  }

  /** Gives every waiting buffer back. */
  clear(owner: BufferOwner): void {
    while (this.count > 0) {
      this.shift();
      owner.release(this.buffer);
    }
  }

  #grow(capacity: number): void {
    const items = new Int32Array(capacity * 6);
    for (let i = 0; i < this.count; i++) {
      const from = ((this.#head + i) & (capacity - 1)) * 3;
      items.set(this.#items.subarray(from, from + 3), i * 3);
    }
    this.#items = items;
    this.#head = 0;
  }
}
