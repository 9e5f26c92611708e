/** Which engine this thread gets: the fastest that works here, with the reason why it is not a faster one. */
import type { Engine, EngineKind, EngineOptions } from "./engine.js";
import { BUFFER_SIZE, Memory } from "./memory.js";

export interface ChosenEngine {
  readonly engine: Engine;
  /** For the log: `io_uring`, or `epoll (io_uring: forbidden ...)`. */
  readonly reason: string;
  /** Engines of several threads can listen on one port. */
  readonly sharesPorts: boolean;
}

type Options = Omit<EngineOptions, "memory">;

/** Reads or writes that the epoll engine makes in one system call. More gain nothing, and their buffers leave the cache. */
const AIO_OPERATIONS = 32;

const ORDER: readonly EngineKind[] = ["io_uring", "epoll", "node"];

/**
 * @param descriptors where a native engine remembers what it has open (native/descriptors.ts), for another thread to see
 * @throws the error of the wanted engine where it was named and cannot work
 */
export async function chooseEngine(
  wanted: EngineKind | "auto",
  bufferBytes: number,
  options: Options,
  descriptors: Uint8Array = new Uint8Array(0),
): Promise<ChosenEngine> {
  if (wanted !== "auto") return create(wanted, bufferBytes, options, descriptors, `${wanted} (configured)`);
  const failures: string[] = [];
  for (const kind of ORDER) {
    try {
      const reason = failures.length === 0 ? kind : `${kind} (${failures.join("; ")})`;
      return await create(kind, bufferBytes, options, descriptors, reason);
    } catch (error) {
      failures.push(`no ${kind}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  throw new Error(failures.join("; "));
}

/** Native engines are imported only when wanted: where koffi or Linux is missing the import itself fails. */
async function create(
  kind: EngineKind,
  bufferBytes: number,
  options: Options,
  descriptors: Uint8Array,
  reason: string,
): Promise<ChosenEngine> {
  const length = Math.max(1, Math.floor(bufferBytes / BUFFER_SIZE)) * BUFFER_SIZE;
  if (kind === "node") {
    const { NodeEngine } = await import("./node/node-engine.js");
    const { REUSE_PORT } = await import("./node/node-listening.js");
    const engine = new NodeEngine({ ...options, memory: new Memory(new Uint8Array(length), 0) });
    return { engine, reason, sharesPorts: REUSE_PORT };
  }
  const { mapMemory } = await import("./native/libc.js");
  const { rememberDescriptors } = await import("./native/descriptors.js");
  rememberDescriptors(descriptors);
  const { bytes, base } = mapMemory(length);
  const native = { ...options, memory: new Memory(bytes, base) };
  if (kind === "io_uring") {
    const { UringEngine } = await import("./uring/uring-engine.js");
    return { engine: new UringEngine(native), reason, sharesPorts: true };
  }
  return createEpoll(native, reason);
}

/** AIO saves system calls; where it is not to be had the engine makes them. */
async function createEpoll(options: EngineOptions, reason: string): Promise<ChosenEngine> {
  const { EpollEngine } = await import("./epoll/epoll-engine.js");
  const { openAio } = await import("./native/aio.js");
  const aio = openAio(AIO_OPERATIONS);
  const hasAio = !(aio instanceof Error);
  return {
    engine: new EpollEngine(options, hasAio ? aio : undefined),
    reason: hasAio ? reason : `${reason}, without AIO (${aio.message})`,
    sharesPorts: true,
  };
}

/** A second descriptor for `Engine.wakeFd`, for the thread that wakes the engine and closes it; -1 where there is none. */
export async function duplicateWake(engine: Engine): Promise<number> {
  if (engine.wakeFd < 0) return -1;
  const { duplicate } = await import("./native/libc.js");
  return duplicate(engine.wakeFd);
}
