/**
 * Which routes a request's host leaves in question. Each configured name knows its routes beforehand, those for several
 * names among them and in declared order, so that the number of names costs nothing and order is never lost.
 */
import { LbError } from "../../base/errors.js";

/** What of a route this is about. */
export interface Hosted {
  readonly host: string | undefined;
}

interface Entry<R> {
  readonly name: Uint8Array;
  readonly routes: readonly R[];
}

/** ASCII without case: host names have none (RFC 9110 4.2.3). */
const LOWER = new Uint8Array(256);
for (let i = 0; i < 256; i++) LOWER[i] = i >= 0x41 && i <= 0x5a ? i | 0x20 : i;

const COLON = 0x3a;
const DOT = 0x2e;
const SEED = 0x811c9dc5 | 0;

/** FNV-1a, backwards: so every suffix of a name is hashed on the way. */
function extend(hash: number, byte: number): number {
  return Math.imul(hash ^ byte, 0x01000193);
}

export class HostIndex<R extends Hosted> {
  readonly #exact = new Map<number, Entry<R>[]>();
  readonly #suffixes = new Map<number, Entry<R>[]>();
  /** For hosts that no route names. */
  readonly #others: readonly R[];
  readonly #hasNames: boolean;

  /** @throws LbError CONFIG_INVALID for a host with a port, or a `*` elsewhere than in front */
  constructor(routes: readonly R[]) {
    const hosts = new Set<string>();
    for (const { host } of routes) if (host !== undefined) hosts.add(checkedHost(host));
    this.#hasNames = hosts.size > 0;
    for (const host of hosts) {
      const isSuffix = host.startsWith("*.");
      const name = isSuffix ? host.slice(2) : host;
      const entry = {
        name: Uint8Array.from(name, (char) => char.charCodeAt(0)),
        routes: routes.filter((route) => route.host === undefined || covers(checkedHost(route.host), host)),
      };
      let hash = SEED;
      for (let i = entry.name.length - 1; i >= 0; i--) hash = extend(hash, entry.name[i]);
      const table = isSuffix ? this.#suffixes : this.#exact;
      const bucket = table.get(hash);
      if (bucket === undefined) table.set(hash, [entry]);
      else bucket.push(entry);
    }
    this.#others = routes.filter((route) => route.host === undefined);
  }

  /** The routes in question for the authority at `[start, end)`, in declared order. */
  lookup(bytes: Uint8Array, start: number, end: number): readonly R[] {
    if (!this.#hasNames || start === end) return this.#others;
    const stop = nameEnd(bytes, start, end);
    const hasSuffixes = this.#suffixes.size > 0;
    let hash = SEED;
    let routes = this.#others;
    for (let i = stop - 1; i >= start; i--) {
      const byte = LOWER[bytes[i]];
      // The longest suffix is found last, and knows the routes of the shorter ones.
      if (byte === DOT && hasSuffixes && i > start) routes = find(this.#suffixes, hash, bytes, i + 1, stop) ?? routes;
      hash = extend(hash, byte);
    }
    return find(this.#exact, hash, bytes, start, stop) ?? routes;
  }
}

function find<R>(
  table: Map<number, Entry<R>[]>,
  hash: number,
  bytes: Uint8Array,
  start: number,
  end: number,
): readonly R[] | undefined {
  const bucket = table.get(hash);
  if (bucket === undefined) return undefined;
  for (const entry of bucket) if (isHost(entry.name, bytes, start, end)) return entry.routes;
  return undefined;
}

function isHost(name: Uint8Array, bytes: Uint8Array, start: number, end: number): boolean {
  if (name.length !== end - start) return false;
  for (let i = 0; i < name.length; i++) if (LOWER[bytes[start + i]] !== name[i]) return false;
  return true;
}

/** Where the name ends: without port, and without the dot that only makes it absolute (RFC 1034 3.1). */
function nameEnd(bytes: Uint8Array, start: number, end: number): number {
  let at = end;
  while (at > start && bytes[at - 1] >= 0x30 && bytes[at - 1] <= 0x39) at--;
  const stop = at > start && bytes[at - 1] === COLON ? at - 1 : end;
  return stop - start > 1 && bytes[stop - 1] === DOT ? stop - 1 : stop;
}

/** Whether every host that `host` (a name or `*.suffix`) stands for is one that `pattern` stands for. */
function covers(pattern: string, host: string): boolean {
  return pattern === host || (pattern.startsWith("*.") && host.endsWith(pattern.slice(1)) && host !== pattern);
}

function checkedHost(text: string): string {
  const host = text.toLowerCase().replace(/\.$/, "");
  if (!/^(\*\.)?[\w\-.~!$&'()+,;=%]+$|^\[[0-9a-f:.]+\]$/.test(host)) {
    throw new LbError("CONFIG_INVALID", `route: ${JSON.stringify(text)} is not a host name (without port) or *.suffix`);
  }
  return host;
}
