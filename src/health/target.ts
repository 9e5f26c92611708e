/** Where a check is sent: to the endpoint itself unless the check has an address or a port of its own. */
import type { Address } from "../model/address.js";
import type { HealthSpec } from "../model/spec.js";

/** A unix socket has no port to change: the configuration refuses that where it can see it, and here it is left alone. */
export function targetOf(endpoint: Address, spec: Pick<HealthSpec, "address" | "port">): Address {
  if (spec.address !== undefined) return spec.address;
  if (spec.port === 0 || endpoint.family === "unix") return endpoint;
  return { ...endpoint, port: spec.port };
}
