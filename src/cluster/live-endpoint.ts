/** A worker's live object for one endpoint. Its figures are shared by all threads; `data` is this worker's own. */
import { type Address, formatAddress } from "../model/address.js";
import type { Node, NodeLimits } from "../model/node.js";
import type { EndpointSpec } from "../model/spec.js";
import { endpointAt } from "./shared.js";

export class LiveEndpoint<Data> implements Node {
  spec: EndpointSpec;
  readonly id: string;
  readonly address: Address;
  /** Position within its cluster's spec. */
  index: number;
  readonly slot: number;
  readonly at: number;
  /** In force now, set by the plan; may be fractional. */
  weight: number;
  maxActive: number;
  limits: NodeLimits | undefined = undefined;
  idle = 0;
  /** In the plan. */
  usable = false;
  /** The proxy's own: its pool of connections to this endpoint. */
  data: Data | undefined = undefined;

  constructor(spec: EndpointSpec, index: number, slot: number) {
    this.spec = spec;
    this.id = spec.id;
    this.address = spec.address;
    this.index = index;
    this.slot = slot;
    this.at = endpointAt(slot);
    this.weight = spec.weight;
    this.maxActive = spec.maxConnections;
  }

  /** True if this can go on as the endpoint of `spec`: connections to it lead where new ones would. */
  isSame(spec: EndpointSpec, slot: number): boolean {
    return this.id === spec.id && this.slot === slot && formatAddress(this.address) === formatAddress(spec.address);
  }
}
