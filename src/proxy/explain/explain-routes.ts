/**
 * Which route a request takes, and for each one before it why not. The production table decides, also about single
 * conditions: each is asked as if it were a route of its own.
 */
import { isSecretName } from "../../base/secret-name.js";
import type { RouteExplanation } from "../../model/explanation.js";
import type { FieldMatch, MatchSpec, PathMatch, RouteSpec } from "../../model/spec.js";
import { BAD_PATH, compileRoutes } from "../http/route-table.js";
import type { ImaginedRequest } from "./imagined-request.js";

const ANYTHING: MatchSpec = { host: undefined, path: undefined, methods: [], headers: [], query: [] };

export interface ExplainedRoutes {
  readonly routes: readonly RouteExplanation[];
  /** Undefined where none matches, or the path is refused. */
  readonly taken: RouteSpec | undefined;
  readonly isBadPath: boolean;
  /** As it goes on from here: its path is in normal form where a route reads it. */
  readonly request: ImaginedRequest;
}

/** @param imagine the request afresh each time: matching brings its path into normal form, in place */
export function explainRoutes(routes: readonly RouteSpec[], imagine: () => ImaginedRequest): ExplainedRoutes {
  const request = imagine();
  const index = compileRoutes(routes).match(request.bytes, request.head);
  const seen = index >= 0 ? routes.slice(0, index + 1) : routes;
  return {
    routes: seen.map((route, i) => ({
      name: route.name,
      taken: i === index,
      failed: i === index ? [] : failedConditions(route, imagine),
    })),
    taken: index >= 0 ? routes[index] : undefined,
    isBadPath: index === BAD_PATH,
    request,
  };
}

function failedConditions(route: RouteSpec, imagine: () => ImaginedRequest): string[] {
  return conditions(route.match)
    .filter(([condition]) => {
      const { bytes, head } = imagine();
      return compileRoutes([{ ...route, match: { ...ANYTHING, ...condition } }]).match(bytes, head) !== 0;
    })
    .map(([, words]) => words);
}

function conditions(spec: MatchSpec): (readonly [condition: Partial<MatchSpec>, words: string])[] {
  const { host, path, methods, headers, query } = spec;
  const found: (readonly [Partial<MatchSpec>, string])[] = [];
  if (host !== undefined) found.push([{ host }, `host is not ${host}`]);
  if (path !== undefined) found.push([{ path }, `path is not ${describePath(path)}`]);
  if (methods.length > 0) found.push([{ methods }, `method is not ${methods.join(" or ")}`]);
  for (const header of headers) found.push([{ headers: [header] }, `header ${describeField(header)}`]);
  for (const parameter of query) found.push([{ query: [parameter] }, `query ${describeField(parameter)}`]);
  return found;
}

function describePath({ kind, value }: PathMatch): string {
  switch (kind) {
    case "exact":
      return value;
    case "prefix":
      return `${value}*`;
    case "segments":
      return `/${value.join("/")}`;
    case "regex":
      return `matched by ${value}`;
  }
}

/** What of it does not hold. */
function describeField({ name, kind, value: wanted }: FieldMatch): string {
  const value = isSecretName(name) ? "(hidden)" : wanted;
  switch (kind) {
    case "present":
      return `${name} is missing`;
    case "absent":
      return `${name} is there`;
    case "exact":
      return `${name} is not ${value}`;
    case "prefix":
      return `${name} does not begin with ${value}`;
    case "regex":
      return `${name} is not matched by ${value}`;
  }
}
