/** Whether a path is the one a route asks for. Bytes against bytes; only a regular expression gets a string. */
import { LbError } from "../../base/errors.js";
import type { PathMatch } from "../../model/spec.js";
import { compilePattern, hasBytes, textOf } from "./match-field.js";
import { normalText } from "./normal-path.js";
import { NO_BYTES } from "./put-bytes.js";

const SLASH = 0x2f;
const STAR = 0x2a;

export interface PathMatcher {
  readonly kind: PathMatch["kind"];
  /** exact, prefix. */
  readonly bytes: Uint8Array;
  /** segments; undefined = any one that is not empty. */
  readonly segments: readonly (Uint8Array | undefined)[];
  readonly pattern: RegExp | undefined;
}

/**
 * @param liberal for paths as `readLiberally` gives them
 * @throws LbError CONFIG_INVALID for a path that no normalised request can have, or a pattern that does not compile
 */
export function compilePath(match: PathMatch, liberal: boolean): PathMatcher {
  switch (match.kind) {
    case "exact":
      // The target of `OPTIONS *` has no other form.
      if (match.value === "*") return { kind: "exact", bytes: Uint8Array.of(STAR), segments: [], pattern: undefined };
      return { kind: "exact", bytes: textBytes(match.value, liberal), segments: [], pattern: undefined };
    case "prefix":
      return { kind: "prefix", bytes: textBytes(match.value, liberal), segments: [], pattern: undefined };
    case "segments": {
      const segments = match.value.map((segment) =>
        segment === "*" ? undefined : textBytes(`/${segment}`, liberal).subarray(1),
      );
      return { kind: "segments", bytes: NO_BYTES, segments, pattern: undefined };
    }
    case "regex":
      return { kind: "regex", bytes: NO_BYTES, segments: [], pattern: compilePattern(match.value) };
  }
}

function textBytes(path: string, liberal: boolean): Uint8Array {
  const bytes = /^\/[^?#]*$/.test(path) ? normalText(path, false) : undefined;
  // In a pattern a dot segment can only be a mistake: after resolving, it would match what nobody wrote.
  const hasDots = /(^|\/)\.{1,2}(\/|$)/.test(path.replace(/%2e/gi, "."));
  if (bytes === undefined || hasDots)
    throw new LbError("CONFIG_INVALID", `route: ${JSON.stringify(path)} is not a path`);
  return liberal ? normalText(path, true)! : bytes;
}

export function matchesPath(matcher: PathMatcher, bytes: Uint8Array, start: number, end: number): boolean {
  const wanted = matcher.bytes;
  const length = wanted.length;
  switch (matcher.kind) {
    case "exact":
      return end - start === length && hasBytes(bytes, start, wanted, length);
    case "prefix":
      if (end - start >= length) return hasBytes(bytes, start, wanted, length);
      // `/v1/` is a directory, and `/v1` names it too.
      return end - start === length - 1 && wanted[length - 1] === SLASH && hasBytes(bytes, start, wanted, length - 1);
    case "segments":
      return matchesSegments(matcher.segments, bytes, start, end);
    case "regex":
      return matcher.pattern!.test(textOf(bytes, start, end));
  }
}

function matchesSegments(
  segments: readonly (Uint8Array | undefined)[],
  bytes: Uint8Array,
  start: number,
  end: number,
): boolean {
  let at = start;
  for (let i = 0; i < segments.length; i++) {
    if (at >= end || bytes[at] !== SLASH) return false;
    const from = ++at;
    while (at < end && bytes[at] !== SLASH) at++;
    const wanted = segments[i];
    if (
      wanted === undefined ? at === from : at - from !== wanted.length || !hasBytes(bytes, from, wanted, wanted.length)
    ) {
      return false;
    }
  }
  return at === end;
}
