/**
 * Who asked, as told to the endpoint: X-Forwarded-*, Forwarded (RFC 7239), Via and X-Request-Id. What is constant for a
 * listener and for a client becomes bytes here, once.
 */
import { LbError } from "../../base/errors.js";
import { FIELD_STRIDE, Field, type FieldId, type RequestHead } from "../../wire/http1/head.js";
import { isName } from "./header-operations.js";
import { latin1, NO_BYTES } from "./put-bytes.js";

/** Of a listener. */
export interface ForwardingRules {
  /** The pseudonym, lower case; empty = no Via. */
  readonly pseudonym: Uint8Array;
  /** `via: 1.0 name` and `via: 1.1 name` with CRLF; the version is that of the received message (RFC 9110 7.6.3). */
  readonly via10: Uint8Array;
  readonly via11: Uint8Array;
  /** Send Forwarded too. */
  readonly forwarded: boolean;
  /** Give requests without an X-Request-Id one. */
  readonly requestId: boolean;
}

/** @throws LbError CONFIG_INVALID for a pseudonym that cannot stand in Via */
export function createForwardingRules(options: {
  readonly via: string;
  readonly forwarded: boolean;
  readonly requestId: boolean;
}): ForwardingRules {
  const { via, forwarded, requestId } = options;
  // received-by: a host with a port, or a token (RFC 9110 7.6.3).
  if (!/^[\w!#$%&'*+\-.^`|~:[\]]*$/.test(via))
    throw new LbError("CONFIG_INVALID", `via ${JSON.stringify(via)} is not a name`);
  const line = (version: string): Uint8Array => (via === "" ? NO_BYTES : latin1(`via: ${version} ${via}\r\n`));
  return { pseudonym: latin1(via.toLowerCase()), via10: line("1.0"), via11: line("1.1"), forwarded, requestId };
}

/** Of a connection, or of all connections from one address. */
export interface ClientFields {
  /** Its address as X-Forwarded-For writes it; empty if it has none (unix socket). */
  readonly address: Uint8Array;
  /** `x-forwarded-for` and `x-forwarded-proto` lines for a request that brings neither. */
  readonly lines: Uint8Array;
  /** `http` or `https`. */
  readonly proto: Uint8Array;
  /** `for=...;proto=...;host=` of Forwarded, without a line's name and the host. */
  readonly element: Uint8Array;
}

/** @param address an IPv4 or IPv6 address without brackets, or empty */
export function createClientFields(address: string, proto: "http" | "https"): ClientFields {
  const node = address === "" ? "unknown" : address.includes(":") ? `"[${address}]"` : address;
  const lines = `${address === "" ? "" : `x-forwarded-for: ${address}\r\n`}x-forwarded-proto: ${proto}\r\n`;
  return {
    address: latin1(address),
    lines: latin1(lines),
    proto: latin1(proto),
    element: latin1(`for=${node};proto=${proto};host=`),
  };
}

const CLAIMS: readonly FieldId[] = [
  Field.FORWARDED,
  Field.X_FORWARDED_FOR,
  Field.X_FORWARDED_PROTO,
  Field.X_FORWARDED_HOST,
];
const CLAIM_PREFIX = latin1("x-forwarded-");

/**
 * Makes what an untrusted client claims about the connection invisible: Forwarded, every X-Forwarded-* and, if the
 * listener makes its own, X-Request-Id become dropped fields, for route matching as for forwarding. Called once, between
 * parsing and matching, unless the client is a trusted proxy; the writer takes a field that is left as believed.
 */
export function dropClaims(bytes: Uint8Array, head: RequestHead, rules: ForwardingRules): void {
  const { fields, first } = head;
  const end = head.count * FIELD_STRIDE;
  for (let at = 0; at < end; at += FIELD_STRIDE) {
    const id = fields[at];
    if (id === Field.OTHER) {
      const start = fields[at + 1];
      if ((bytes[start] | 0x20) !== 0x78 || fields[at + 2] - start <= CLAIM_PREFIX.length) continue;
      if (isName(CLAIM_PREFIX, bytes, start)) fields[at] = Field.DROPPED;
    } else if (id >= Field.FORWARDED && id <= Field.X_FORWARDED_HOST) fields[at] = Field.DROPPED;
    else if (id === Field.X_REQUEST_ID && rules.requestId) fields[at] = Field.DROPPED;
  }
  for (let i = 0; i < CLAIMS.length; i++) first[CLAIMS[i]] = -1;
  if (rules.requestId) first[Field.X_REQUEST_ID] = -1;
}
