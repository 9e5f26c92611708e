/** What runs the contract suite: each kind of engine, and the epoll engine also as it is where the kernel gives no AIO. */
import { chooseEngine } from "../../engine/choose.js";
import type { Engine, EngineKind, EngineOptions } from "../../engine/engine.js";
import { BUFFER_SIZE, Memory } from "../../engine/memory.js";

export type EngineVariant = EngineKind | "epoll without AIO";

/** Throws where it cannot run here. */
export async function createEngine(
  variant: EngineVariant,
  buffers: number,
  options: Omit<EngineOptions, "memory">,
): Promise<Engine> {
  const bytes = buffers * BUFFER_SIZE;
  if (variant !== "epoll without AIO") return (await chooseEngine(variant, bytes, options)).engine;
  const { EpollEngine } = await import("../../engine/epoll/epoll-engine.js");
  const { mapMemory } = await import("../../engine/native/libc.js");
  const pool = mapMemory(bytes);
  return new EpollEngine({ ...options, memory: new Memory(pool.bytes, pool.base) }, undefined);
}
