/** Requests that are valid HTTP but that a gateway must not forward. */
import type { Code } from "../../base/errors.js";
import { Field, Method, type RequestHead } from "../../wire/http1/head.js";
import type { ForwardingRules } from "./forwarding.js";
import { countOwnVia, maxForwards } from "./list-fields.js";

/** Times a request may come past this proxy (under its pseudonym): more is a loop. */
const MAX_OWN_VIA = 8;

/** The code to refuse with, or undefined. */
export function checkRequest(bytes: Uint8Array, head: RequestHead, rules: ForwardingRules): Code | undefined {
  // TRACE would send credentials back to scripts; CONNECT would make this an open relay.
  if (head.method === Method.TRACE || head.method === Method.CONNECT) return "METHOD_NOT_ALLOWED";
  if (countOwnVia(bytes, head, rules) > MAX_OWN_VIA) return "LOOP_DETECTED";
  return undefined;
}

/** OPTIONS with `Max-Forwards: 0` is not for any endpoint (RFC 9110 7.6.2). */
export function asksThisProxy(bytes: Uint8Array, head: RequestHead): boolean {
  if (head.method !== Method.OPTIONS || head.first[Field.MAX_FORWARDS] < 0) return false;
  return maxForwards(bytes, head) === 0;
}
