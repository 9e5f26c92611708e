/**
 * The main thread's side of persistence by address: a table in shared memory for each cluster that has it. It stays over
 * reloads as long as its size does, and serves workers that start later.
 */
import { sourceTableBytes } from "../balance/source-table.js";
import type { ClusterSpec } from "../model/spec.js";

/** By cluster name. */
export type SourceBufferMap = ReadonlyMap<string, SharedArrayBuffer>;

export class SourceBuffers {
  #buffers: SourceBufferMap = new Map();

  /** Those that these clusters need; others are forgotten. */
  assign(clusters: readonly ClusterSpec[]): SourceBufferMap {
    const buffers = new Map<string, SharedArrayBuffer>();
    for (const { name, persistence } of clusters) {
      if (persistence?.kind !== "source") continue;
      const bytes = sourceTableBytes(persistence.size);
      const old = this.#buffers.get(name);
      buffers.set(name, old?.byteLength === bytes ? old : new SharedArrayBuffer(bytes));
    }
    this.#buffers = buffers;
    return buffers;
  }
}
