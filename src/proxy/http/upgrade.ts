/** When bytes become a tunnel (RFC 9110 7.8): only after a 101 that names the protocol that the request asked for. */
import { Body, FIELD_STRIDE, Method, type RequestHead, type ResponseHead } from "../../wire/http1/head.js";

/** What a request asked to switch to, kept until its response comes. */
export class UpgradeRequest {
  #asked = "";

  /** The request is forwarded as an upgrade. */
  get isAsked(): boolean {
    return this.#asked !== "";
  }

  /**
   * @param allowed by the route. GET without a body only (RFC 6455 4.1): what follows a body could be taken for either
   * protocol. Never h2c: behind a tunnel of requests no route and no rule would apply any more.
   */
  remember(bytes: Uint8Array, head: RequestHead, allowed: boolean): void {
    this.#asked = "";
    if (!allowed || head.upgrade < 0 || head.method !== Method.GET || head.body !== Body.NONE) return;
    const asked = protocol(bytes, head.fields, head.upgrade);
    if (!/(^|[\s,])h2c?($|[\s,/])/.test(asked)) this.#asked = asked;
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
