/** Which route a request takes: the first in declared order whose conditions all hold. Compiled once, asked per request. */
import type { MatchSpec, RouteSpec } from "../../model/spec.js";
import { Method, type MethodId, type RequestHead } from "../../wire/http1/head.js";
import { compileField, type FieldMatcher, hasBytes, matchesHeader, matchesQuery } from "./match-field.js";
import { HostIndex } from "./match-host.js";
import { compilePath, matchesPath, type PathMatcher } from "./match-path.js";
import { inspectPath, normalisePath, PathForm, readingBytes, readLiberally } from "./normal-path.js";
import { latin1 } from "./put-bytes.js";

/** Results of `RouteTable.match` that are no route. */
export const NO_ROUTE = -1;
/** The path is refused (see normal-path.ts): BAD_REQUEST. */
export const BAD_PATH = -2;

interface Route {
  readonly index: number;
  readonly host: string | undefined;
  readonly path: PathMatcher | undefined;
  /** For the most liberal reading of a path. */
  readonly liberalPath: PathMatcher | undefined;
  /** Bit `1 << MethodId`; 0 = any method. */
  readonly methods: number;
  /** Names of methods without an id. */
  readonly extensions: readonly Uint8Array[];
  readonly headers: readonly FieldMatcher[];
  readonly query: readonly FieldMatcher[];
}

const SLASH = latin1("/");
const ASTERISK = latin1("*");

/** @throws LbError CONFIG_INVALID for conditions that cannot be compiled */
export function compileRoutes(routes: readonly RouteSpec[]): RouteTable {
  const readsPath = routes.some(
    ({ match, action }) =>
      match.path !== undefined || (action.kind === "forward" && action.rewritePrefix !== undefined),
  );
  return new RouteTable(
    routes.map(({ match }, index) => compileMatch(match, index)),
    readsPath,
  );
}

function compileMatch(match: MatchSpec, index: number): Route {
  const { host, path, methods, headers, query } = match;
  const known = methods.filter(
    (name) => Object.hasOwn(Method, name) && name !== "EXTENSION",
  ) as (keyof typeof Method)[];
  const extensions = methods.filter((name) => !(known as string[]).includes(name));
  let mask = extensions.length > 0 ? 1 << Method.EXTENSION : 0;
  for (const name of known) mask |= 1 << Method[name];
  return {
    index,
    host,
    path: path === undefined ? undefined : compilePath(path, false),
    liberalPath: path === undefined ? undefined : compilePath(path, true),
    methods: mask,
    extensions: extensions.map(latin1),
    headers: headers.map((header) => compileField(header, true)),
    query: query.map((parameter) => compileField(parameter, false)),
  };
}

export class RouteTable {
  readonly #hosts: HostIndex<Route>;
  /** Some route decides on the path or changes it: then it is brought into its normal form first. */
  readonly #readsPath: boolean;

  /** @internal */
  constructor(routes: readonly Route[], readsPath: boolean) {
    this.#hosts = new HostIndex(routes);
    this.#readsPath = readsPath;
  }

  /**
   * The index of the first route that matches, else NO_ROUTE or BAD_PATH. May normalise the path of `head` in place
   * (`bytes` before `pathEnd`, and `pathStart`): what was matched is what is there to be forwarded and logged.
   */
  match(bytes: Uint8Array, head: RequestHead): number {
    const routes = this.#hosts.lookup(bytes, head.hostStart, head.hostEnd);
    if (!this.#readsPath) return first(routes, bytes, head, bytes, 0, 0, false);
    if (head.pathImplied) {
      // As it will be forwarded (RFC 9112 3.2.4).
      const path = head.method === Method.OPTIONS && head.queryEnd === head.pathEnd ? ASTERISK : SLASH;
      return first(routes, bytes, head, path, 0, 1, false);
    }
    const form = inspectPath(bytes, head.pathStart, head.pathEnd);
    if ((form & PathForm.CHANGES) !== 0 && !normalisePath(bytes, head)) return BAD_PATH;
    const index = first(routes, bytes, head, bytes, head.pathStart, head.pathEnd, false);
    if ((form & PathForm.AMBIGUOUS) === 0) return index;
    const length = readLiberally(bytes, head.pathStart, head.pathEnd);
    if (length < 0 || first(routes, bytes, head, readingBytes(), 0, length, true) !== index) return BAD_PATH;
    return index;
  }
}

function first(
  routes: readonly Route[],
  bytes: Uint8Array,
  head: RequestHead,
  pathBytes: Uint8Array,
  pathStart: number,
  pathEnd: number,
  liberal: boolean,
): number {
  for (let i = 0; i < routes.length; i++) {
    const route = routes[i];
    const path = liberal ? route.liberalPath : route.path;
    if (path !== undefined && !matchesPath(path, pathBytes, pathStart, pathEnd)) continue;
    if (route.methods !== 0 && !matchesMethod(route, bytes, head)) continue;
    if (matchesAll(route, bytes, head)) return route.index;
  }
  return NO_ROUTE;
}

function matchesMethod(route: Route, bytes: Uint8Array, head: RequestHead): boolean {
  const method: MethodId = head.method;
  if ((route.methods & (1 << method)) === 0) return false;
  if (method !== Method.EXTENSION) return true;
  const length = head.methodEnd - head.methodStart;
  return route.extensions.some((name) => name.length === length && hasBytes(bytes, head.methodStart, name, length));
}

function matchesAll(route: Route, bytes: Uint8Array, head: RequestHead): boolean {
  const { headers, query } = route;
  for (let i = 0; i < headers.length; i++) if (!matchesHeader(headers[i], bytes, head)) return false;
  const queryStart = Math.min(head.pathEnd + 1, head.queryEnd);
  for (let i = 0; i < query.length; i++) if (!matchesQuery(query[i], bytes, queryStart, head.queryEnd)) return false;
  return true;
}
