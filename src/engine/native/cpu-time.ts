/** What the calling thread has computed so far. */
import koffi from "koffi";
import { mapMemory } from "./libc.js";

// The C library that node itself runs on, whichever it is.
const libc = koffi.load(null);

const clockGettime = libc.func("int clock_gettime(int clock, uintptr_t time)") as (clock: number, to: number) => number;
const CLOCK_THREAD_CPUTIME_ID = 3;

/** Reads the CPU time of the thread that made it; `free` gives its memory back. */
export class ThreadCpuClock {
  readonly #page = mapMemory(4096);
  /** `struct timespec`. */
  readonly #time = new DataView(this.#page.bytes.buffer, this.#page.bytes.byteOffset, 16);

  /** Milliseconds, user and system time together. */
  read(): number {
    clockGettime(CLOCK_THREAD_CPUTIME_ID, this.#page.base);
    return Number(this.#time.getBigInt64(0, true)) * 1000 + Number(this.#time.getBigInt64(8, true)) / 1e6;
  }

  free(): void {
    this.#page.free();
  }
}
