/**
 * Writes the access log: empties the workers' rings into a file or standard output. Memory is bounded, because rings are
 * only emptied once what they gave before is written; until then they fill, and their workers count what they drop. An
 * error (a full disk, a reader that went away) is counted and the same bytes are tried again, so no line is cut in two.
 */
import type { Clock } from "../../base/clock.js";
import { LbError } from "../../base/errors.js";
import { LogRingReader } from "../log-ring.js";
import { type LogSink, openLogSink } from "./log-sink.js";

/** Until the next drain when there was something to write, and when there was not. */
const BUSY_MS = 20;
const IDLE_MS = 100;
/** Rings that gave this much are looked at again at once. */
const PLENTY_BYTES = 262_144;
/** How often to look whether somebody has moved the file away. */
const RENAME_CHECK_MS = 1000;
/** How long `close` tries when the other end does not take the rest. */
const CLOSE_MS = 2000;
const NEWLINE = 0x0a;

export class LogWriter {
  /** Failed writes and reopenings. */
  errors = 0;
  readonly #sink: LogSink;
  readonly #clock: Clock;
  #readers: readonly LogRingReader[] = [];
  /** Being written; the bytes before `#offset` are. */
  #pending: Uint8Array = new Uint8Array(0);
  #offset = 0;
  #checkAt = 0;
  #reopen = false;
  /** The drain under way, so that there is only one at a time; true if it wrote something. */
  #busy: Promise<boolean> | undefined = undefined;
  #cancelTimer: () => void = () => {};
  #closed = false;

  private constructor(sink: LogSink, clock: Clock) {
    this.#sink = sink;
    this.#clock = clock;
  }

  /**
   * Opens and starts.
   * @param target `stdout` or a path, appended to
   * @throws LbError CONFIG_INVALID where it cannot be opened
   */
  static async open(target: string, clock: Clock): Promise<LogWriter> {
    try {
      const writer = new LogWriter(await openLogSink(target), clock);
      writer.#schedule(IDLE_MS);
      return writer;
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new LbError("CONFIG_INVALID", `access log ${target} cannot be opened: ${reason}`, { cause });
    }
  }

  /** From now on these rings and no others, one per worker. */
  setRings(rings: readonly SharedArrayBuffer[]): void {
    this.#readers = rings.map((ring) => new LogRingReader(ring));
  }

  /** Opens the path anew at the next drain, after a log rotation moved the file. Standard output stays. */
  reopen(): void {
    this.#reopen = true;
  }

  /** Writes what is in the rings now. Called by the timer; joins a drain that is under way. Never rejects. */
  drain(): Promise<boolean> {
    this.#busy ??= this.#drain().finally(() => {
      this.#busy = undefined;
    });
    return this.#busy;
  }

  /** Writes the rest, for at most two seconds, and closes the file. The workers should have stopped writing. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#cancelTimer();
    let late = false;
    let cancelLimit = (): void => {};
    const limit = new Promise<void>((resolve) => {
      cancelLimit = this.#clock.after(CLOSE_MS, () => {
        late = true;
        resolve();
      });
    });
    // A drain already under way may have looked at the rings before the last lines came: one more after it.
    await Promise.race([this.drain(), limit]);
    await Promise.race([this.drain(), limit]);
    while (!late && this.#offset < this.#pending.length) {
      await Promise.race([new Promise<void>((resolve) => this.#clock.after(IDLE_MS, resolve)), limit]);
      await Promise.race([this.drain(), limit]);
    }
    cancelLimit();
    if (!late) await this.#sink.close();
  }

  #schedule(ms: number): void {
    this.#cancelTimer = this.#clock.after(ms, () => {
      void this.drain().then((wrote) => {
        if (!this.#closed) this.#schedule(wrote ? BUSY_MS : IDLE_MS);
      });
    });
  }

  async #drain(): Promise<boolean> {
    await this.#followRotation();
    let wrote = false;
    for (;;) {
      if (this.#offset === this.#pending.length) {
        this.#pending = concat(this.#readers.map((reader) => reader.read()));
        this.#offset = 0;
      }
      const plenty = this.#pending.length >= PLENTY_BYTES;
      try {
        while (this.#offset < this.#pending.length) {
          this.#offset += await this.#sink.write(this.#pending.subarray(this.#offset));
          wrote = true;
        }
      } catch {
        this.errors++;
        return false;
      }
      if (!plenty) return wrote;
    }
  }

  async #followRotation(): Promise<void> {
    if (this.#clock.now() >= this.#checkAt) {
      this.#checkAt = this.#clock.now() + RENAME_CHECK_MS;
      if (await this.#sink.isMoved()) this.#reopen = true;
    }
    if (!this.#reopen) return;
    try {
      await this.#sink.reopen();
      this.#reopen = false;
      // A line that was cut by an error is written whole into the new file.
      this.#offset = this.#offset === 0 ? 0 : this.#pending.lastIndexOf(NEWLINE, this.#offset - 1) + 1;
    } catch {
      this.errors++;
    }
  }
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
