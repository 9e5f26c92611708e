/** The question that `/explain` is asked, as it stands in the query of its URL. */
import type { ExplainQuery } from "../model/explanation.js";

/** What is wrong with it, in words, where something is. */
export function parseExplainQuery(query: string): ExplainQuery | string {
  const parameters = new URLSearchParams(query);
  const unknown = [...parameters.keys()].find((key) => !KEYS.includes(key));
  if (unknown !== undefined) return `unknown parameter ${unknown}; there are ${KEYS.join(", ")}`;
  const url = parameters.get("url");
  if (url === null) return "the parameter url is missing";
  const headers: [string, string][] = [];
  for (const header of parameters.getAll("header")) {
    const match = /^([^:]+):[ \t]*(.*)$/.exec(header);
    if (match === null) return `not a header: ${header}`;
    headers.push([match[1], match[2]]);
  }
  const seed = Number(parameters.get("seed") ?? 1);
  if (!Number.isInteger(seed) || seed < 0) return "seed is not a whole number";
  return {
    url,
    method: parameters.get("method") ?? "GET",
    headers,
    source: parameters.get("source") ?? "127.0.0.1",
    seed,
  };
}

/** And back. */
export function formatExplainQuery({ url, method, headers, source, seed }: ExplainQuery): string {
  const parameters = new URLSearchParams({ url, method, source, seed: `${seed}` });
  for (const [name, value] of headers) parameters.append("header", `${name}: ${value}`);
  return parameters.toString();
}

const KEYS = ["url", "method", "header", "source", "seed"];
