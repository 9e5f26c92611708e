/** Which engine this thread gets: the fastest that works here, with the reason why it is not a faster one. */
import type { Engine, EngineKind, EngineOptions } from "./engine.js";
import { BUFFER_SIZE, Memory } from "./memory.js";

export interface ChosenEngine {
  readonly engine: Engine;
  /** For the log: `io_uring`, or `epoll (io_uring: forbidden ...)`. */
  readonly reason: string;
}

type Options = Omit<EngineOptions, "memory">;

const ORDER: readonly EngineKind[] = ["io_uring", "epoll", "node"];

/** @throws the error of the wanted engine where it was named and cannot work */
export async function chooseEngine(
  wanted: EngineKind | "auto",
  bufferBytes: number,
  options: Options,
): Promise<ChosenEngine> {
  if (wanted !== "auto")
    return { engine: await create(wanted, bufferBytes, options), reason: `${wanted} (configured)` };
  const failures: string[] = [];
  for (const kind of ORDER) {
    try {
      const engine = await create(kind, bufferBytes, options);
      return { engine, reason: failures.length === 0 ? kind : `${kind} (${failures.join("; ")})` };
    } catch (error) {
      failures.push(`no ${kind}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  throw new Error(failures.join("; "));
}

/** Native engines are imported only when wanted: where koffi or Linux is missing the import itself fails. */
async function create(kind: EngineKind, bufferBytes: number, options: Options): Promise<Engine> {
  const length = Math.max(1, Math.floor(bufferBytes / BUFFER_SIZE)) * BUFFER_SIZE;
  if (kind === "node") {
    const { NodeEngine } = await import("./node/node-engine.js");
    return new NodeEngine({ ...options, memory: new Memory(new Uint8Array(length), 0) });
  }
  const { mapMemory } = await import("./native/libc.js");
  const { bytes, base } = mapMemory(length);
  const memory = new Memory(bytes, base);
  if (kind === "io_uring") {
    const { UringEngine } = await import("./uring/uring-engine.js");
    return new UringEngine({ ...options, memory });
  }
  const { EpollEngine } = await import("./epoll/epoll-engine.js");
  return new EpollEngine({ ...options, memory });
}
