/** When bytes become a tunnel (RFC 9110 7.8): only after a 101 that names the protocol that the request asked for. */
import { FIELD_STRIDE, type RequestHead, type ResponseHead } from "../../wire/http1/head.js";

/** The response is the 101 that answers the request's Upgrade; names are compared without case. */
export function isSwitchAsked(
  requestBytes: Uint8Array,
  request: RequestHead,
  responseBytes: Uint8Array,
  response: ResponseHead,
): boolean {
  if (response.status !== 101 || response.upgrade < 0 || request.upgrade < 0) return false;
  const asked = request.upgrade * FIELD_STRIDE + 3;
  const given = response.upgrade * FIELD_STRIDE + 3;
  const askedStart = request.fields[asked];
  const givenStart = response.fields[given];
  const length = request.fields[asked + 1] - askedStart;
  if (response.fields[given + 1] - givenStart !== length) return false;
  for (let i = 0; i < length; i++) {
    if (lower(requestBytes[askedStart + i]) !== lower(responseBytes[givenStart + i])) return false;
  }
  return true;
}

function lower(byte: number): number {
  return byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte;
}
