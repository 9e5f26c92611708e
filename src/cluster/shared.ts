/**
 * The one SharedArrayBuffer in which all threads count, so that balancing and limits are exact for the process and not
 * per worker. Capacity is fixed: a buffer that workers hold cannot be swapped under them. Untouched slots cost no memory.
 */
import { ClusterCell, EndpointCell, SLOT_CELLS } from "../model/cells.js";

export const MAX_CLUSTERS = 1024;
export const MAX_ENDPOINTS = 16_384;

const ENDPOINTS_AT = MAX_CLUSTERS * SLOT_CELLS;
const CELLS = ENDPOINTS_AT + MAX_ENDPOINTS * SLOT_CELLS;
/** What of a cluster a worker holds, in the order in which it stands behind `heldClusterAt`. */
const HELD_OF_CLUSTER = [
  ClusterCell.RETRIES,
  ClusterCell.ACTIVE,
  ClusterCell.CONNECTIONS,
  ClusterCell.PENDING,
  ClusterCell.QUEUED,
] as const;
/** Offsets behind `heldClusterAt`. */
export const HeldCell = { RETRIES: 0, ACTIVE: 1, CONNECTIONS: 2, PENDING: 3, QUEUED: 4 } as const;
/** The same of an endpoint, behind `heldAt`. */
const HELD_OF_ENDPOINT = [
  EndpointCell.ACTIVE,
  EndpointCell.CONNECTIONS,
  EndpointCell.PENDING,
  EndpointCell.RETRIES,
] as const;
/** Offsets behind `heldAt`. */
export const HeldEndpointCell = { ACTIVE: 0, CONNECTIONS: 1, PENDING: 2, RETRIES: 3 } as const;
/** What one worker holds: of the endpoints, then of the clusters. */
const HELD_CLUSTERS_AT = MAX_ENDPOINTS * HELD_OF_ENDPOINT.length;
const HELD = HELD_CLUSTERS_AT + MAX_CLUSTERS * HELD_OF_CLUSTER.length;

/** Index of the first cell of a cluster's slot. */
export function clusterAt(slot: number): number {
  return slot * SLOT_CELLS;
}

/** Index of the first cell of an endpoint's slot. */
export function endpointAt(slot: number): number {
  return ENDPOINTS_AT + slot * SLOT_CELLS;
}

/** Index within `SharedState.held` of the first figure that the worker holds of an endpoint. */
export function heldAt(endpointSlot: number): number {
  return endpointSlot * HELD_OF_ENDPOINT.length;
}

/** Index within `SharedState.held` of the first figure that the worker holds of a cluster. */
export function heldClusterAt(slot: number): number {
  return HELD_CLUSTERS_AT + slot * HELD_OF_CLUSTER.length;
}

/** Nobody has anything of the endpoint under way. */
export function isEndpointIdle(cells: Int32Array, slot: number): boolean {
  return HELD_OF_ENDPOINT.every((cell) => cells[endpointAt(slot) + cell] === 0);
}

/** Nobody has anything of the cluster under way. */
export function isClusterIdle(cells: Int32Array, slot: number): boolean {
  return HELD_OF_CLUSTER.every((cell) => cells[clusterAt(slot) + cell] === 0);
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
      this.#takeBack(held, heldAt(slot), endpointAt(slot), HELD_OF_ENDPOINT);
    }
    for (let slot = 0; slot < MAX_CLUSTERS; slot++) {
      this.#takeBack(held, heldClusterAt(slot), clusterAt(slot), HELD_OF_CLUSTER);
    }
    held.fill(0);
  }

  #takeBack(held: Int32Array, from: number, at: number, cells: readonly number[]): void {
    for (let i = 0; i < cells.length; i++) {
      const count = held[from + i];
      if (count !== 0) Atomics.sub(this.cells, at + cells[i], count);
    }
  }
}

/** @param workers how many worker numbers (0 to workers - 1) will count in it */
export function createShared(workers: number): SharedState {
  return new SharedState(new SharedArrayBuffer((CELLS + workers * HELD) * 4));
}
