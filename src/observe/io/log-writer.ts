/**
 * Writes the access log: empties the workers' rings into a file or standard output. Memory is bounded, because rings are
 * only emptied once what they gave before is written; until then they fill, and their workers count what they drop. An
 * error (a full disk, a reader that went away) is counted and the same bytes are tried again, so no line is cut in two.
 */
import { close, constants, fstat, open, stat, write } from "node:fs";
import { promisify } from "node:util";
import type { Clock } from "../../base/clock.js";
import { LbError } from "../../base/errors.js";
import { LogRingReader } from "../log-ring.js";

const openFile = promisify(open);
const closeFile = promisify(close);
const statPath = promisify(stat);
const statFile = promisify(fstat);
const writeFile = promisify(write);

const INTERVAL_MS = 100;
/** How often to look whether somebody has moved the file away: every tenth drain. */
const RENAME_CHECK_EVERY = 10;
/** How long `close` tries when the other end does not take the rest. */
const CLOSE_MS = 2000;
const NEWLINE = 0x0a;
const STDOUT = 1;

export class LogWriter {
  /** Failed writes and reopenings. */
  errors = 0;
  /** undefined = standard output. */
  readonly #path: string | undefined;
  readonly #clock: Clock;
  #file: number;
  #readers: readonly LogRingReader[] = [];
  /** Being written; the bytes before `#offset` are. */
  #pending: Uint8Array = new Uint8Array(0);
  #offset = 0;
  #drains = 0;
  #reopen = false;
  /** The drain under way, so that there is only one at a time. */
  #busy: Promise<void> | undefined = undefined;
  #cancelTimer: () => void = () => {};
  #closed = false;

  private constructor(path: string | undefined, file: number, clock: Clock) {
    this.#path = path;
    this.#file = file;
    this.#clock = clock;
  }

  /**
   * Opens and starts.
   * @param target `stdout` or a path, appended to
   * @throws LbError CONFIG_INVALID where it cannot be opened
   */
  static async open(target: string, clock: Clock): Promise<LogWriter> {
    const path = target === "stdout" ? undefined : target;
    try {
      const writer = new LogWriter(path, path === undefined ? STDOUT : await openLog(path), clock);
      writer.#schedule();
      return writer;
    } catch (cause) {
      throw new LbError("CONFIG_INVALID", `access log ${target} cannot be opened: ${describe(cause)}`, { cause });
    }
  }

  /** From now on these rings and no others, one per worker. */
  setRings(rings: readonly SharedArrayBuffer[]): void {
    this.#readers = rings.map((ring) => new LogRingReader(ring));
  }

  /** Opens the path anew at the next drain, after a log rotation moved the file. Standard output stays. */
  reopen(): void {
    this.#reopen = this.#path !== undefined;
  }

  /** Writes what is in the rings now. Called by the timer; joins a drain that is under way. Never rejects. */
  drain(): Promise<void> {
    this.#busy ??= this.#drain().finally(() => {
      this.#busy = undefined;
    });
    return this.#busy;
  }

  /** Writes the rest, for at most two seconds, and closes the file. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#cancelTimer();
    let late = false;
    let cancelLimit = () => {};
    const limit = new Promise<void>((resolve) => {
      cancelLimit = this.#clock.after(CLOSE_MS, () => {
        late = true;
        resolve();
      });
    });
    // A drain already under way may have emptied the rings before the last lines came: one more, and until all is out.
    await Promise.race([this.drain(), limit]);
    do {
      await Promise.race([this.drain(), limit]);
    } while (!late && this.#offset < this.#pending.length && (await this.#pause(limit)));
    cancelLimit();
    if (!late && this.#path !== undefined) await closeFile(this.#file);
  }

  #schedule(): void {
    this.#cancelTimer = this.#clock.after(INTERVAL_MS, () => {
      void this.drain().then(() => {
        if (!this.#closed) this.#schedule();
      });
    });
  }

  async #pause(limit: Promise<void>): Promise<true> {
    await Promise.race([new Promise<void>((resolve) => this.#clock.after(INTERVAL_MS, resolve)), limit]);
    return true;
  }

  async #drain(): Promise<void> {
    if (this.#drains++ % RENAME_CHECK_EVERY === 0 && (await this.#isMoved())) this.#reopen = true;
    if (this.#reopen) await this.#replaceFile();
    if (this.#offset === this.#pending.length) {
      this.#pending = concat(this.#readers.map((reader) => reader.read()));
      this.#offset = 0;
    }
    try {
      while (this.#offset < this.#pending.length) {
        const { bytesWritten } = await writeFile(this.#file, this.#pending, this.#offset);
        this.#offset += bytesWritten;
      }
    } catch (error) {
      // A pipe whose reader is slow: its bytes wait for the next drain like those of a full disk, but nothing is wrong.
      if ((error as NodeJS.ErrnoException).code !== "EAGAIN") this.errors++;
    }
  }

  async #isMoved(): Promise<boolean> {
    if (this.#path === undefined) return false;
    try {
      const [there, ours] = await Promise.all([statPath(this.#path), statFile(this.#file)]);
      return there.ino !== ours.ino || there.dev !== ours.dev;
    } catch {
      return true;
    }
  }

  async #replaceFile(): Promise<void> {
    try {
      const file = await openLog(this.#path!);
      await closeFile(this.#file);
      this.#file = file;
      this.#reopen = false;
      // A line that was cut by an error is written whole into the new file.
      this.#offset = this.#offset === 0 ? 0 : this.#pending.lastIndexOf(NEWLINE, this.#offset - 1) + 1;
    } catch {
      this.errors++;
    }
  }
}

function openLog(path: string): Promise<number> {
  return openFile(path, constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT, 0o640);
}

function concat(pieces: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(pieces.reduce((length, piece) => length + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

function describe(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
