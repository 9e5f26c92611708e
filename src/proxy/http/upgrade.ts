/** When bytes become a tunnel (RFC 9110 7.8): only after a 101 that names the protocol that the request asked for. */
import { FIELD_STRIDE, type RequestHead, type ResponseHead } from "../../wire/http1/head.js";

/** What a request asked to switch to, kept until its response comes. */
export class UpgradeRequest {
  #asked = "";

  remember(bytes: Uint8Array, head: RequestHead, asked: boolean): void {
    this.#asked = asked ? protocol(bytes, head.fields, head.upgrade) : "";
  }

  /** The response is the 101 that was asked for; names are compared without case. */
  isAnsweredBy(bytes: Uint8Array, head: ResponseHead): boolean {
    if (this.#asked === "" || head.status !== 101 || head.upgrade < 0) return false;
    return protocol(bytes, head.fields, head.upgrade) === this.#asked;
  }
}

function protocol(bytes: Uint8Array, fields: Int32Array, line: number): string {
  const at = line * FIELD_STRIDE;
  let name = "";
  for (let i = fields[at + 3]; i < fields[at + 4]; i++) name += String.fromCharCode(bytes[i]);
  return name.toLowerCase();
}
