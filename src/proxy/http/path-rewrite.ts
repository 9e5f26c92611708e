/**
 * Where a route sends a request instead of where it was sent: another path prefix, another host, as bytes. A matched
 * `/v1/` rewritten to `/api` or `/api/` makes `/api/users` of `/v1/users` and `/api` of `/v1`.
 */
import { LbError } from "../../base/errors.js";
import type { PathMatch } from "../../model/spec.js";
import { authorityHostEnd } from "../../wire/http1/authority.js";
import { latin1, NO_BYTES } from "./put-bytes.js";

export interface PathRewrite {
  /** Bytes of the path that are replaced; -1 = the whole path. */
  readonly cut: number;
  readonly prefix: Uint8Array;
}

export const NO_REWRITE: PathRewrite = { cut: 0, prefix: NO_BYTES };

/** @throws LbError CONFIG_INVALID when the match has no prefix to replace, or the new prefix cannot stand in a target */
export function compileRewrite(match: PathMatch | undefined, rewritePrefix: string | undefined): PathRewrite {
  if (rewritePrefix === undefined) return NO_REWRITE;
  // pchar and "/" of RFC 3986, without "%": a configured prefix is plain text.
  if (!/^\/[\w\-.~!$&'()*+,;=:@/]*$/.test(rewritePrefix) || /\/\.{1,2}(\/|$)/.test(rewritePrefix)) {
    throw new LbError("CONFIG_INVALID", `rewritePrefix ${JSON.stringify(rewritePrefix)} is not a plain path`);
  }
  const kind = match?.kind ?? "prefix";
  if (kind === "segments" || kind === "regex") {
    throw new LbError("CONFIG_INVALID", `rewritePrefix ${rewritePrefix} needs an exact path or a prefix to replace`);
  }
  if (match?.kind === "exact") return { cut: -1, prefix: latin1(rewritePrefix) };
  const matched = match?.kind === "prefix" ? match.value : "/";
  // Where the matched prefix ends at a segment, both lose their last "/": what is left of the path brings it.
  const atSegment = matched.endsWith("/");
  const prefix = atSegment && rewritePrefix.endsWith("/") ? rewritePrefix.slice(0, -1) : rewritePrefix;
  return { cut: atSegment ? matched.length - 1 : matched.length, prefix: latin1(prefix) };
}

/** The Host of `rewriteHost`; empty without one. @throws LbError CONFIG_INVALID for what is no authority */
export function compileRewriteHost(rewriteHost: string | undefined): Uint8Array {
  if (rewriteHost === undefined) return NO_BYTES;
  const bytes = latin1(rewriteHost);
  const isAuthority = /^[\x21-\x7e]+$/.test(rewriteHost) && authorityHostEnd(bytes, 0, bytes.length) > 0;
  if (!isAuthority) throw new LbError("CONFIG_INVALID", `rewriteHost ${JSON.stringify(rewriteHost)} is not a host`);
  return bytes;
}
