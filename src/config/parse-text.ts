/**
 * Configured text that reaches the wire or a log. Whatever could end a line, a field or a target is refused here: a
 * configuration must not be a way to split a request or a response.
 */
import { domainToASCII, domainToUnicode } from "node:url";
import { canonicalIp6 } from "./parse-address.js";
import { findControl } from "./printable.js";
import { type Refused, refuse } from "./refused.js";
import { suggest } from "./suggest.js";

export const NAME = "a name of 1 to 128 letters, digits and . _ - : / * # [ ]";
export const HOST = "a host name such as api.example.com or *.example.com, without a port";
export const PLAIN_HOST = "a host such as api.example.com or api.example.com:8080";
export const TARGET = "a path such as /healthz";
export const FIELD_NAME = "a header name";
export const FIELD_VALUE = "text (put numbers, true and false in quotes)";
export const METHOD = "an HTTP method such as GET";

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const METHODS = ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE"];

/** Names of listeners, routes, clusters, endpoints: they become metric labels and log fields. */
export function parseName(text: string): string | Refused {
  if (/^[\w.:/*#[\]-]{1,128}$/.test(text) && text !== "__proto__") return text;
  return refuse(`not a name: ${text}`, "blanks and other characters are not allowed");
}

/** A token (RFC 9110 5.6.2), in lower case. */
export function parseFieldName(text: string): string | Refused {
  return TOKEN.test(text) ? text.toLowerCase() : refuse(`not a header name: ${text}`);
}

/** Printable ASCII and inner tabs and blanks. The value is not repeated in the message: it may be a secret. */
export function parseFieldValue(text: string): string | Refused {
  if (text !== text.trim()) return refuse("the value begins or ends with white space");
  const control = findControl(text.replaceAll("\t", " "));
  if (control !== undefined) return refuse(`the value contains ${control}`, "a header value is one line");
  if (/[^\t -~]/.test(text)) return refuse("the value contains a character outside ASCII", "percent-encode it");
  return text;
}

/** Methods are case-sensitive (RFC 9110 9.1), and CONNECT is never forwarded. */
export function parseMethod(text: string): string | Refused {
  if (!TOKEN.test(text)) return refuse(`not a method: ${text}`);
  const upper = text.toUpperCase();
  if (upper === "CONNECT") return refuse("CONNECT is always refused", "no route can match it");
  if (text !== upper && METHODS.includes(upper)) return refuse(`methods are case-sensitive: ${text}`, `write ${upper}`);
  const meant = METHODS.includes(text) ? undefined : suggest(text, METHODS);
  return meant === undefined ? text : refuse(`unknown method ${text}`, `did you mean ${meant}?`);
}

/** A host to match: lower case, no port; `*.example.com` matches any deeper name. */
export function parseHostPattern(text: string): string | Refused {
  if (text === "*") return refuse("* matches every host", "leave host out");
  const isWild = text.startsWith("*.");
  const name = isWild ? text.slice(2) : text;
  if (/:\d+$/.test(name) && !name.endsWith("]"))
    return refuse("a host is matched without its port", `write ${text.replace(/:\d+$/, "")}`);
  const host = parseHostName(name);
  return typeof host === "string" ? (isWild ? `*.${host}` : host) : host;
}

/** A host to send, with or without a port. */
export function parseAuthority(text: string): string | Refused {
  const match = /^(.*?)(:\d{1,5})?$/s.exec(text)!;
  const host = parseHostName(match[1]);
  if (typeof host !== "string") return host;
  if (match[2] !== undefined && Number(match[2].slice(1)) > 65_535)
    return refuse(`there is no port ${match[2].slice(1)}`);
  return host + (match[2] ?? "");
}

function parseHostName(text: string): string | Refused {
  const control = findControl(text);
  if (control !== undefined) return refuse(`the host contains ${control}`);
  if (/[^ -~]/.test(text)) {
    const ascii = domainToASCII(text);
    const hint = ascii !== "" && domainToUnicode(ascii) !== ascii ? `write ${ascii}` : undefined;
    return refuse(`the host contains a character outside ASCII`, hint);
  }
  const inBrackets = /^\[(.*)\]$/.exec(text);
  if (inBrackets !== null) {
    const canonical = canonicalIp6(inBrackets[1]);
    return canonical === undefined ? refuse(`not an IPv6 address: ${inBrackets[1]}`) : `[${canonical}]`;
  }
  if (text.includes("*")) return refuse(`not a host name: ${text}`, "a * may only stand first: *.example.com");
  if (text.endsWith(".")) return refuse(`not a host name: ${text}`, "leave out the final dot");
  const isName =
    text.length <= 253 && text.split(".").every((label) => /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/i.test(label));
  return isName ? text.toLowerCase() : refuse(`not a host name: ${text}`);
}

/** A path with or without a query, as it is written into a request line. */
export function parseTarget(text: string): string | Refused {
  if (!text.startsWith("/")) return refuse(`a path begins with /: ${text}`, `write /${text}`);
  return checkedBytes(text);
}

/** What a matched prefix is replaced with: pchar and "/" of RFC 3986, without "%" and dot segments. */
export function parsePrefix(text: string): string | Refused {
  if (!text.startsWith("/")) return refuse(`a path begins with /: ${text}`, `write /${text}`);
  if (!/^\/[\w\-.~!$&'()*+,;=:@/]*$/.test(text))
    return refuse(`not a plain path: ${text}`, "percent-encoding, ? and # are not possible here");
  return /\/\.{1,2}(\/|$)/.test(text) ? refuse(`${text} has a . or .. segment`) : text;
}

/** Printable ASCII without blanks and `#`: what may stand in a request target. */
export function checkedBytes(text: string): string | Refused {
  const control = findControl(text);
  if (control !== undefined) return refuse(`the path contains ${control}`);
  const bad = /[^!-~]|#/u.exec(text);
  if (bad === null) return text;
  return refuse(
    `the path contains ${bad[0] === " " ? "a blank" : bad[0]}`,
    `percent-encode it: ${encodeURI(text).replaceAll("#", "%23")}`,
  );
}

/** Any one line of text. */
export function parseLine(text: string): string | Refused {
  const control = findControl(text);
  return control === undefined ? text : refuse(`the text contains ${control}`);
}
