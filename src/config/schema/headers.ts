/** Header operations. What delimits messages or belongs to one connection is Plimsoll's alone and cannot be configured. */
import type { HeaderOperation } from "../../model/spec.js";
import { FIELD_NAME, FIELD_VALUE, parseFieldName, parseFieldValue } from "../parse-text.js";
import { Refused, refuse } from "../refused.js";
import { entries, list, mapping, oneOrMore, type Params, text } from "./parts.js";

/** Framing and hop-by-hop fields (RFC 9110 7.6.1, RFC 9112 6). */
const RESERVED: ReadonlySet<string> = new Set([
  "connection",
  "content-length",
  "expect",
  "host",
  "http2-settings",
  "keep-alive",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

export function parseOpenFieldName(name: string): string | Refused {
  const parsed = parseFieldName(name);
  // Many servers read `_` as `-` (CGI): `content_length` would be `content-length` to them.
  if (parsed instanceof Refused || !RESERVED.has(parsed.replaceAll("_", "-"))) return parsed;
  const hint = parsed === "host" ? "use rewrite: { host: name }" : "it frames messages or belongs to one connection";
  return refuse(`${name} is not open to configuration`, hint);
}

export const fieldValue = text(FIELD_VALUE, parseFieldValue);

/** `set` replaces all lines of that name, `add` appends lines, `remove` drops them. */
export const headerOperations = mapping("set, add, remove", {
  remove: list(text(FIELD_NAME, parseOpenFieldName), "a list of header names")
    .prefault([])
    .describe("Names of header fields that are dropped."),
  set: entries("header names to values", parseOpenFieldName, fieldValue)
    .prefault({})
    .describe("Fields that replace all others of their name."),
  add: entries("header names to values", parseOpenFieldName, oneOrMore(fieldValue, FIELD_VALUE))
    .prefault({})
    .describe("Fields that are appended."),
})
  .transform(({ remove, set, add }, context): readonly HeaderOperation[] => {
    for (const [index, name] of remove.entries()) {
      const isBack = set.some((item) => item.name === name) || add.some((item) => item.name === name);
      const isAgain = remove.indexOf(name) !== index;
      if (!isBack && !isAgain) continue;
      const hint = isBack ? "set replaces what is there; it need not be removed first" : undefined;
      const params: Params = { expected: undefined, hint };
      const message = `${name} is removed ${isBack ? "and set or added" : "twice"}`;
      context.addIssue({ code: "custom", message, params, path: ["remove", index] });
    }
    return [
      ...remove.map((name) => ({ kind: "remove" as const, name, value: "" })),
      ...set.map((item) => ({ kind: "set" as const, name: item.name, value: item.value })),
      ...add.flatMap((item) => item.value.map((value) => ({ kind: "add" as const, name: item.name, value }))),
    ];
  })
  .prefault({});

/** Fields that a probe sends. */
export const probeHeaders = entries("header names to values", parseOpenFieldName, fieldValue);
