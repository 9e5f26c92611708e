/**
 * The one SharedArrayBuffer in which all threads count, so that balancing and limits are exact for the process and not
 * per worker. Capacity is fixed: a buffer that workers hold cannot be swapped under them. Untouched slots cost no memory.
 */
import { ClusterCell, EndpointCell, SLOT_CELLS } from "../model/cells.js";

export const MAX_CLUSTERS = 1024;
export const MAX_ENDPOINTS = 16_384;

const ENDPOINTS_AT = MAX_CLUSTERS * SLOT_CELLS;
const CELLS = ENDPOINTS_AT + MAX_ENDPOINTS * SLOT_CELLS;
/** What one worker holds: ACTIVE and CONNECTIONS per endpoint, then RETRIES and ACTIVE per cluster. */
const HELD_CLUSTERS_AT = MAX_ENDPOINTS * 2;
const HELD = HELD_CLUSTERS_AT + MAX_CLUSTERS * 2;

/** Index of the first cell of a cluster's slot. */
export function clusterAt(slot: number): number {
  return slot * SLOT_CELLS;
}

/** Index of the first cell of an endpoint's slot. */
export function endpointAt(slot: number): number {
  return ENDPOINTS_AT + slot * SLOT_CELLS;
}

/** Index within `SharedState.held` of what the worker holds of an endpoint's ACTIVE; CONNECTIONS is the next one. */
export function heldAt(endpointSlot: number): number {
  return endpointSlot * 2;
}

export function heldRetriesAt(clusterSlot: number): number {
  return HELD_CLUSTERS_AT + clusterSlot * 2;
}

export function heldActiveAt(clusterSlot: number): number {
  return heldRetriesAt(clusterSlot) + 1;
}

/** A thread's view. Made on the main thread by `createShared`; workers wrap the `buffer` they are sent. */
export class SharedState {
  readonly buffer: SharedArrayBuffer;
  /** All slots (model/cells.ts). */
  readonly cells: Int32Array;

  constructor(buffer: SharedArrayBuffer) {
    this.buffer = buffer;
    this.cells = new Int32Array(buffer, 0, CELLS);
  }

  /** What worker `worker` has added to the shared counts and not yet taken back. Written by that worker alone. */
  held(worker: number): Int32Array {
    return new Int32Array(this.buffer, (CELLS + worker * HELD) * 4, HELD);
  }

  /**
   * Takes back what a worker that died still held: without this its requests in flight would count for ever. Call once
   * its thread has exited, before another takes its number.
   */
  reclaim(worker: number): void {
    const held = this.held(worker);
    for (let slot = 0; slot < MAX_ENDPOINTS; slot++) {
      const at = heldAt(slot);
      if (held[at] !== 0) Atomics.sub(this.cells, endpointAt(slot) + EndpointCell.ACTIVE, held[at]);
      if (held[at + 1] !== 0) Atomics.sub(this.cells, endpointAt(slot) + EndpointCell.CONNECTIONS, held[at + 1]);
    }
    for (let slot = 0; slot < MAX_CLUSTERS; slot++) {
      const retries = held[heldRetriesAt(slot)];
      const active = held[heldActiveAt(slot)];
      if (retries !== 0) Atomics.sub(this.cells, clusterAt(slot) + ClusterCell.RETRIES, retries);
      if (active !== 0) Atomics.sub(this.cells, clusterAt(slot) + ClusterCell.ACTIVE, active);
    }
    held.fill(0);
  }
}

/** @param workers how many worker numbers (0 to workers - 1) will count in it */
export function createShared(workers: number): SharedState {
  return new SharedState(new SharedArrayBuffer((CELLS + workers * HELD) * 4));
}
