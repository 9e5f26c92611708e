/** A head that arrives in pieces is put together in one buffer, because the parser wants it contiguous. */
import { BUFFER_SIZE, type Memory } from "../../engine/memory.js";

export class PartialHead {
  /** The buffer, -1 = nothing is kept. */
  buffer = -1;
  start = 0;
  end = 0;

  /**
   * Appends what fits of `[start, end)` and returns how many bytes that was: 0 where no buffer is free. A head that does
   * not fit into one buffer was refused by the parser's limit before.
   */
  append(memory: Memory, start: number, end: number): number {
    if (this.buffer < 0) {
      this.buffer = memory.alloc();
      if (this.buffer < 0) return 0;
      this.start = this.buffer * BUFFER_SIZE;
      this.end = this.start;
    }
    const taken = Math.min(end - start, this.start + BUFFER_SIZE - this.end);
    memory.bytes.copyWithin(this.end, start, start + taken);
    this.end += taken;
    return taken;
  }

  /** Hands the buffer, with its reference, to the caller. */
  detach(): number {
    const { buffer } = this;
    this.buffer = -1;
    return buffer;
  }

  drop(memory: Memory): void {
    if (this.buffer >= 0) memory.release(this.detach());
  }
}
