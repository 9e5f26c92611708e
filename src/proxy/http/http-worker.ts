/** What all HTTP listeners of one worker share: scratch objects that are filled anew for each message, and idle exchanges. */
import { RequestHead, ResponseHead } from "../../wire/http1/head.js";
import type { ProxyContext } from "../context.js";
import { DateLine } from "./date-line.js";
import { Exchange } from "./exchange.js";
import { type ClientFields, createClientFields } from "./forwarding.js";
import { Reply } from "./reply.js";
import { RequestContext } from "./request-writer.js";
import { ResponseContext } from "./response-writer.js";
import { Shadow } from "./shadow.js";
import { UPSTREAM_LIMITS } from "./upstream-limits.js";

/** Above this many distinct clients the cache starts anew: it saves work, and must not become a leak. */
const MAX_CLIENTS = 4096;
const MAX_IDLE_EXCHANGES = 1024;
/** The parser allocates room for this many fields; listeners may be configured for fewer. */
const MAX_FIELDS = 1024;
const REQUEST_ID_BYTES = 32;

/** The two hexadecimal digits of each byte. */
const HEX_PAIRS = Uint16Array.from({ length: 256 }, (_, byte) => {
  const digits = byte.toString(16).padStart(2, "0");
  return digits.charCodeAt(0) | (digits.charCodeAt(1) << 8);
});

export class HttpWorker {
  readonly context: ProxyContext;
  readonly requestHead = new RequestHead(MAX_FIELDS);
  readonly responseHead = new ResponseHead(UPSTREAM_LIMITS.maxHeaderCount);
  readonly requestContext = new RequestContext();
  readonly responseContext = new ResponseContext();
  readonly reply = new Reply();
  readonly #date: DateLine;
  readonly #idle: Exchange[] = [];
  readonly #shadows: Shadow[] = [];
  readonly #clients = new Map<string, ClientFields>();

  constructor(context: ProxyContext) {
    this.context = context;
    this.#date = new DateLine(context.wallClock);
    this.requestContext.requestId = new Uint8Array(REQUEST_ID_BYTES);
  }

  /** The Date field of responses that are made now. */
  get dateLine(): Uint8Array {
    return this.#date.at(this.context.engine.now());
  }

  takeExchange(): Exchange {
    return this.#idle.pop() ?? new Exchange(this);
  }

  putExchange(exchange: Exchange): void {
    if (this.#idle.length < MAX_IDLE_EXCHANGES) this.#idle.push(exchange);
  }

  takeShadow(): Shadow {
    return this.#shadows.pop() ?? new Shadow(this);
  }

  putShadow(shadow: Shadow): void {
    if (this.#shadows.length < MAX_IDLE_EXCHANGES) this.#shadows.push(shadow);
  }

  /** @param address without port; empty for unix sockets */
  clientFields(address: string): ClientFields {
    let fields = this.#clients.get(address);
    if (fields === undefined) {
      if (this.#clients.size >= MAX_CLIENTS) this.#clients.clear();
      fields = createClientFields(address, "http");
      this.#clients.set(address, fields);
    }
    return fields;
  }

  /** Makes the next request id: 128 random bits in hexadecimal. */
  nextRequestId(): void {
    const { requestId } = this.requestContext;
    for (let at = 0; at < REQUEST_ID_BYTES; at += 8) {
      let bits = this.context.random.next();
      for (let i = 0; i < 8; i += 2) {
        const pair = HEX_PAIRS[bits & 255];
        requestId[at + i] = pair & 255;
        requestId[at + i + 1] = pair >>> 8;
        bits >>>= 8;
      }
    }
  }
}
