/** For how long the calling thread has had something to do. */
import { closeSync, openSync, readSync } from "node:fs";
import koffi from "koffi";
import { mapMemory } from "./libc.js";

// The C library that node itself runs on, whichever it is.
const libc = koffi.load(null);

const clockGettime = libc.func("int clock_gettime(int clock, uintptr_t time)") as (clock: number, to: number) => number;
const CLOCK_THREAD_CPUTIME_ID = 3;

/** CPU time, time spent ready to run but waiting for a CPU, time slices (Documentation/scheduler/sched-stats.rst). */
const SCHEDSTAT = "/proc/thread-self/schedstat";

/** Belongs to the thread that made it; `free` gives back what it holds. */
export class BusyClock {
  readonly #page = mapMemory(4096);
  /** `struct timespec`. */
  readonly #time = new DataView(this.#page.bytes.buffer, this.#page.bytes.byteOffset, 16);
  readonly #line = Buffer.alloc(64);
  readonly #schedstat = open(SCHEDSTAT);

  /**
   * Milliseconds of CPU time, and of waiting for a CPU while others had it. Where the kernel does not count the waiting,
   * CPU time alone.
   */
  read(): number {
    // The first figure of schedstat would do, were it not up to a scheduler tick old.
    clockGettime(CLOCK_THREAD_CPUTIME_ID, this.#page.base);
    return (
      Number(this.#time.getBigInt64(0, true)) * 1000 + Number(this.#time.getBigInt64(8, true)) / 1e6 + this.#waited()
    );
  }

  free(): void {
    this.#page.free();
    if (this.#schedstat !== undefined) closeSync(this.#schedstat);
  }

  #waited(): number {
    if (this.#schedstat === undefined) return 0;
    const length = readSync(this.#schedstat, this.#line, 0, this.#line.length, 0);
    return Number(this.#line.toString("latin1", 0, length).split(" ")[1]) / 1e6;
  }
}

function open(file: string): number | undefined {
  try {
    return openSync(file, "r");
  } catch {
    return undefined;
  }
}
