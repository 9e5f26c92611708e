/** An endpoint as pickers see it: where its figures are, what share it should get, and when it is full. Nothing about health. */
import { EndpointCell } from "./cells.js";
import { Limit, type LimitId, type Query } from "./query.js";

export interface Node {
  /** Identity; hashing pickers place the node by it. */
  readonly id: string;
  /** Number of its slot: unique over all clusters. */
  readonly slot: number;
  /** Index of the slot's first cell in the shared `Int32Array` (model/cells.ts). */
  readonly at: number;
  /** Positive; a fraction where zones, subsets or slow start give it a part of its weight. */
  readonly weight: number;
  /** Most that may be in flight at once; 0 = unlimited. */
  readonly maxActive: number;
  /** What else is bounded; undefined = nothing. */
  readonly limits: NodeLimits | undefined;
  /** Connections that this thread holds ready: who uses one makes none. */
  readonly idle: number;
}

/** 0 = unlimited. */
export interface NodeLimits {
  /** Connections, idle ones included. */
  readonly connections: number;
  /** Connections that are being made. */
  readonly pending: number;
  /** Retries in flight that hold a place in the retry budget. */
  readonly retries: number;
}

/** True if the node may take one more. Others may take the last place first: only the cluster's acquire decides. */
export function hasRoom(node: Node, cells: Int32Array, query: Query): boolean {
  return fullBy(node, cells, query) === undefined;
}

/** No limit bounds what the node may take: it always has room. */
export function isUnlimited(node: Node): boolean {
  return node.maxActive === 0 && node.limits === undefined;
}

/** Which limit it is by which the node has no room; undefined where it has. */
export function fullBy(node: Node, cells: Int32Array, query: Query): LimitId | undefined {
  if (node.maxActive !== 0 && cells[node.at] >= node.maxActive) return Limit.ENDPOINTS;
  return node.limits && limitOf(node, node.limits, cells, query);
}

function limitOf(node: Node, limits: NodeLimits, cells: Int32Array, query: Query): LimitId | undefined {
  const { connections, pending, retries } = limits;
  if (query.repeats && retries !== 0 && cells[node.at + EndpointCell.RETRIES] >= retries) return Limit.ENDPOINT_RETRIES;
  if (node.idle > 0 && !query.fresh) return undefined;
  if (connections !== 0 && cells[node.at + EndpointCell.CONNECTIONS] >= connections) return Limit.ENDPOINT_CONNECTIONS;
  return pending !== 0 && cells[node.at + EndpointCell.PENDING] >= pending ? Limit.ENDPOINT_PENDING : undefined;
}
