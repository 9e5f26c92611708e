/** How a client comes back to its endpoint: by a token that it brings, or by its address. */
import type { SourceTable } from "../../balance/source-table.js";
import { TokenTable } from "../../balance/token-table.js";
import type { PersistenceSpec } from "../../model/spec.js";
import type { RequestHead } from "../../wire/http1/head.js";
import type { ProxyEndpoint } from "../proxy-cluster.js";
import { latin1 } from "./put-bytes.js";
import { findCookie, findHeader, Range } from "./request-part.js";

export type TokenSpec = Exclude<PersistenceSpec, { readonly kind: "source" }>;

const range = new Range();

/** The tokens of a cluster's endpoints. */
export class TokenPersistence {
  readonly #name: Uint8Array;
  readonly #isCookie: boolean;
  readonly #table: TokenTable;
  readonly #endpoints: readonly ProxyEndpoint[];

  /** @param endpoints with their tokens */
  constructor(spec: TokenSpec, endpoints: readonly ProxyEndpoint[]) {
    this.#name = latin1(spec.name);
    this.#isCookie = spec.kind === "cookie";
    this.#table = new TokenTable(endpoints.map((endpoint) => latin1(endpoint.data!.token)));
    this.#endpoints = endpoints;
  }

  /** The endpoint whose token the request brings. */
  find(bytes: Uint8Array, head: RequestHead): ProxyEndpoint | undefined {
    const isThere = this.#isCookie
      ? findCookie(bytes, head, this.#name, range)
      : findHeader(bytes, head, this.#name, range);
    if (!isThere) return undefined;
    const index = this.#table.find(bytes, range.start, range.end);
    return index < 0 ? undefined : this.#endpoints[index];
  }
}

/** The line by which a response hands the token to the client. */
export function tokenLine(spec: TokenSpec, token: string): Uint8Array {
  if (spec.kind === "header") return latin1(`${spec.name}: ${token}\r\n`);
  const { name, path, ttlMs, httpOnly, secure, sameSite } = spec;
  const attributes = [
    `Path=${path}`,
    ttlMs > 0 ? `Max-Age=${ttlMs / 1000}` : "",
    httpOnly ? "HttpOnly" : "",
    secure ? "Secure" : "",
    `SameSite=${sameSite[0].toUpperCase()}${sameSite.slice(1)}`,
  ].filter((attribute) => attribute !== "");
  return latin1(`set-cookie: ${name}=${token}; ${attributes.join("; ")}\r\n`);
}

/** Which address was given which of a cluster's endpoints; shared by all workers. */
export class SourcePersistence {
  readonly #table: SourceTable;
  readonly #bySlot: ReadonlyMap<number, ProxyEndpoint>;

  constructor(table: SourceTable, endpoints: readonly ProxyEndpoint[]) {
    this.#table = table;
    this.#bySlot = new Map(endpoints.map((endpoint) => [endpoint.slot, endpoint]));
  }

  /** @param now milliseconds of the process's clock */
  find(hash: number, now: number): ProxyEndpoint | undefined {
    const slot = this.#table.find(hash, now);
    return slot < 0 ? undefined : this.#bySlot.get(slot);
  }

  remember(hash: number, endpoint: ProxyEndpoint, now: number): void {
    this.#table.store(hash, endpoint.slot, now);
  }
}
