/** A request that is only asked about, as the bytes that a client would send, read by the parser that reads those. */
import { TRAITS } from "../../base/errors.js";
import type { ExplainQuery } from "../../model/explanation.js";
import type { HttpLimits } from "../../model/spec.js";
import { RequestHead } from "../../wire/http1/head.js";
import { PARSE_ERRORS } from "../../wire/http1/parse-errors.js";
import { parseRequestHead } from "../../wire/http1/request-parser.js";
import { latin1 } from "../http/put-bytes.js";

export interface ImaginedRequest {
  readonly bytes: Uint8Array;
  readonly head: RequestHead;
}

export interface UrlParts {
  /** Host and port as they stand in the URL. */
  readonly authority: string;
  readonly port: number;
  /** Path and query, byte by byte as they were given: what they are brought to is the proxy's own affair. */
  readonly target: string;
}

/** undefined for what is no http URL. */
export function splitUrl(url: string): UrlParts | undefined {
  const match = /^(https?):\/\/((?:\[[0-9A-Fa-f:.]+\]|[^/?#:@\s]+)(?::(\d{1,5}))?)([/?][^#\s]*)?(?:#.*)?$/i.exec(url);
  if (match === null || /[^!-~]/.test(url)) return undefined;
  const [, scheme, authority, port, rest = "/"] = match;
  return {
    authority,
    port: port === undefined ? (scheme.toLowerCase() === "https" ? 443 : 80) : Number(port),
    target: rest.startsWith("?") ? `/${rest}` : rest,
  };
}

/** Why not, in words, where the proxy would refuse it before any route is looked at. */
export function imagine(query: ExplainQuery, parts: UrlParts, limits: HttpLimits): ImaginedRequest | string {
  const named = new Set(query.headers.map(([name]) => name.toLowerCase()));
  const lines = query.headers.map(([name, value]) => `${name}: ${value}\r\n`);
  if (!named.has("host")) lines.unshift(`Host: ${parts.authority}\r\n`);
  const bytes = latin1(`${query.method} ${parts.target} HTTP/1.1\r\n${lines.join("")}\r\n`);
  const head = new RequestHead(limits.maxHeaderCount);
  const length = parseRequestHead(bytes, 0, bytes.length, limits, head);
  if (length < 0) {
    const code = PARSE_ERRORS[-1 - length];
    return `refused with ${code}: ${head.reason === "" ? TRAITS[code].text : head.reason}`;
  }
  return length === bytes.length ? { bytes, head } : "refused with BAD_REQUEST: a header contains an empty line";
}
