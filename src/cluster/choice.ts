/** A plan in a worker: its groups with their pickers, and how a request's group is found. */
import { createPicker } from "../balance/create-picker.js";
import type { Picker, PickerSetup } from "../balance/picker.js";
import { mix32 } from "../base/hash.js";
import { EndpointCell, State } from "../model/cells.js";
import { fullBy, hasRoom } from "../model/node.js";
import { Limit, type LimitId, type Query } from "../model/query.js";
import type { BalanceSpec } from "../model/spec.js";
import type { LiveEndpoint } from "./live-endpoint.js";
import type { Plan } from "./plan.js";

const TWO_32 = 0x1_0000_0000;

export class Choice<Data> {
  readonly panic: boolean;
  readonly #endpoints: readonly LiveEndpoint<Data>[];
  readonly #pickers: readonly Picker<LiveEndpoint<Data>>[];
  /** Of 2^32: a draw below the i-th and not below the one before it belongs to group i. */
  readonly #bounds: Float64Array;
  readonly #setup: PickerSetup;
  readonly #byHash: boolean;

  /** Sets `weight` and `usable` of `endpoints`, of which the plan speaks by position. */
  constructor(plan: Plan, spec: BalanceSpec, endpoints: readonly LiveEndpoint<Data>[], setup: PickerSetup) {
    this.panic = plan.panic;
    this.#endpoints = endpoints;
    this.#setup = setup;
    this.#byHash = spec.hashOn.length > 0;
    for (const endpoint of endpoints) endpoint.usable = false;
    this.#pickers = plan.groups.map(({ members, weights, limits, tables }) => {
      const nodes = Array.from(members, (index, i) => {
        const endpoint = endpoints[index];
        endpoint.usable = true;
        endpoint.weight = weights[i];
        endpoint.maxActive = limits[i];
        return endpoint;
      });
      return createPicker(spec, nodes, tables, setup);
    });
    let sum = 0;
    this.#bounds = Float64Array.from(plan.groups, ({ share }) => {
      sum += share;
      return sum * TWO_32;
    });
  }

  /** Nothing can be chosen, whatever the load. */
  get isEmpty(): boolean {
    return this.#pickers.length === 0;
  }

  /** Undefined when all are full, or there is nothing. */
  pick(query: Query): LiveEndpoint<Data> | undefined {
    const pickers = this.#pickers;
    if (pickers.length === 1) return pickers[0].pick(query);
    if (pickers.length === 0) return undefined;
    const first = this.#draw(query);
    const chosen = pickers[first].pick(query);
    if (chosen !== undefined && (query.tries === 0 || !query.hasTried(chosen.slot))) return chosen;
    return this.#pickElsewhere(query, first) ?? chosen;
  }

  /** After `pick` found nothing: at which limit the first endpoint is that is at one. */
  fullBy(query: Query): LimitId {
    for (const endpoint of this.#endpoints) {
      const limit = endpoint.usable ? fullBy(endpoint, this.#setup.cells, query) : undefined;
      if (limit !== undefined) return limit;
    }
    return Limit.ENDPOINTS;
  }

  /**
   * The endpoint that persistence asks for, if it can be had. One that drains keeps its sessions, as with HAProxy: they end
   * when their users leave.
   */
  pickPreferred(query: Query): LiveEndpoint<Data> | undefined {
    const endpoint = this.#endpoints[query.preferred];
    if (endpoint === undefined || query.hasTried(endpoint.slot)) return undefined;
    const { cells } = this.#setup;
    const isBad = (cells[endpoint.at + EndpointCell.STATE] & (State.DOWN | State.EJECTED)) !== 0;
    return (endpoint.usable || !isBad) && hasRoom(endpoint, cells, query) ? endpoint : undefined;
  }

  /** What is hashed stays in its group as long as the shares do. Another mixture than pickers use: else it would leave gaps. */
  #draw(query: Query): number {
    const draw = this.#byHash ? mix32(query.hash ^ 0x5bd1e995) : this.#setup.random.next();
    const bounds = this.#bounds;
    let group = 0;
    while (group < bounds.length - 1 && draw >= bounds[group]) group++;
    return group;
  }

  /** In order: better an endpoint of another priority than one that is full or has just failed. */
  #pickElsewhere(query: Query, first: number): LiveEndpoint<Data> | undefined {
    let tried: LiveEndpoint<Data> | undefined;
    for (let i = 0; i < this.#pickers.length; i++) {
      if (i === first) continue;
      const endpoint = this.#pickers[i].pick(query);
      if (endpoint === undefined) continue;
      if (!query.hasTried(endpoint.slot)) return endpoint;
      tried ??= endpoint;
    }
    return tried;
  }
}
