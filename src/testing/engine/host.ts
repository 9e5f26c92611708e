/** Where an engine under test runs: a thread of this process, or a process of its own with few descriptors. */
import { spawn } from "node:child_process";
import { writeSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import type { Command, EngineSetup, Report } from "./protocol.js";

export interface Host {
  tell(commands: readonly Command[]): void;
  /** Resolves when the thread or process is gone. */
  readonly gone: Promise<unknown>;
}

export interface Listener {
  onReport(report: Report): void;
  onError(error: Error): void;
}

const WAKE = new BigUint64Array([1n]);

export class ThreadHost implements Host {
  readonly gone: Promise<unknown>;
  readonly #worker: Worker;
  #wakeFd = -1;

  constructor(setup: EngineSetup, listener: Listener) {
    this.#worker = new Worker(new URL("./thread.js", import.meta.url), { workerData: setup });
    this.gone = new Promise((resolve) => this.#worker.on("exit", resolve));
    this.#worker.on("error", (error) => listener.onError(error));
    this.#worker.on("message", (report: Report) => {
      if (report.type === "ready") this.#wakeFd = report.wakeFd;
      listener.onReport(report);
    });
  }

  tell(commands: readonly Command[]): void {
    // One message: all of them in one turn of the engine, as they were told.
    this.#worker.postMessage(commands);
    if (this.#wakeFd < 0) return;
    try {
      writeSync(this.#wakeFd, WAKE);
    } catch (error) {
      // An engine that was awake may have followed a stop already, and closed its descriptors.
      if ((error as NodeJS.ErrnoException).code !== "EBADF") throw error;
    }
  }
}

export class ProcessHost implements Host {
  readonly gone: Promise<unknown>;
  readonly #tell: (commands: readonly Command[]) => void;

  /** @param descriptors how many the process may have open, its own included: about 30 */
  constructor(setup: EngineSetup, descriptors: number, listener: Listener) {
    const entry = fileURLToPath(new URL("./process.js", import.meta.url));
    const child = spawn("sh", ["-c", `ulimit -n ${descriptors} && exec "$0" "$@"`, process.execPath, entry], {
      stdio: ["ignore", "inherit", "inherit", "ipc"],
    });
    this.gone = new Promise((resolve) => child.on("exit", resolve));
    child.on("error", (error) => listener.onError(error));
    child.on("message", (report: Report) => listener.onReport(report));
    child.send(setup);
    this.#tell = (commands) => child.send(commands);
  }

  tell(commands: readonly Command[]): void {
    this.#tell(commands);
  }
}
