/** What one exchange leaves behind: its figures, and its line in the access log where there is one. */
import type { Code } from "../../base/errors.js";
import { TRAITS } from "../../base/errors.js";
import { histogramRecord } from "../../base/histogram.js";
import { formatAddress } from "../../model/address.js";
import { AccessRecord, type Termination } from "../../observe/access-record.js";
import { CODE_NUMBER, L, statusClass, W } from "../../observe/layout.js";
import { FIELD_STRIDE, Field, type RequestHead } from "../../wire/http1/head.js";
import type { ProxyContext } from "../context.js";
import type { Downstream } from "./downstream.js";
import { isName } from "./header-operations.js";
import { latin1 } from "./put-bytes.js";
import type { RequestContext } from "./request-writer.js";

const USER_AGENT = latin1("user-agent");
const REFERER = latin1("referer");

export class Account {
  route = "";
  /** Sent to the client; 0 = none. */
  status = 0;
  /** Where Plimsoll itself answered or gave up. */
  code: Code | undefined = undefined;
  /** Why in words. */
  reason = "";
  bytesIn = 0;
  bytesOut = 0;
  /** Milliseconds; -1 = not reached. */
  queueMs = -1;
  connectMs = -1;
  responseMs = -1;
  readonly #context: ProxyContext;
  #downstream!: Downstream;
  /** Made when the log is on. */
  #record: AccessRecord | undefined = undefined;
  #logged = false;

  constructor(context: ProxyContext) {
    this.#context = context;
  }

  start(downstream: Downstream): void {
    this.#downstream = downstream;
    this.route = "";
    this.status = 0;
    this.code = undefined;
    this.reason = "";
    this.bytesIn = 0;
    this.bytesOut = 0;
    this.queueMs = -1;
    this.connectMs = -1;
    this.responseMs = -1;
    this.#context.metrics[downstream.listener.metrics + L.ACTIVE]++;
    this.#logged = this.#context.accessLog !== undefined;
    if (!this.#logged) return;
    this.#record ??= new AccessRecord();
    this.#record.reset();
    this.#record.acceptMs = Math.max(0, downstream.requestAt - downstream.idleSince);
    // A connection that has broken off does not tell any more.
    const { peer } = downstream.conn;
    this.#record.client = peer === undefined ? "" : formatAddress(peer);
  }

  onRequest(bytes: Uint8Array, head: RequestHead): void {
    this.bytesIn = head.end - head.start;
    if (!this.#logged) return;
    const record = this.#record!;
    record.headMs = this.#context.engine.now() - this.#downstream.requestAt;
    record.method = text(bytes, head.methodStart, head.methodEnd);
    record.target = head.pathImplied ? "/" : text(bytes, head.pathStart, head.queryEnd);
    record.host = text(bytes, head.hostStart, head.hostEnd);
    record.version = head.minor === 1 ? "HTTP/1.1" : "HTTP/1.0";
    for (let line = 0; line < head.count; line++) {
      const at = line * FIELD_STRIDE;
      const { fields } = head;
      const id = fields[at];
      const name = fields[at + 1];
      const length = fields[at + 2] - name;
      if (id === Field.X_REQUEST_ID) record.requestId = text(bytes, fields[at + 3], fields[at + 4]);
      if (id !== Field.OTHER) continue;
      if (length === USER_AGENT.length && isName(USER_AGENT, bytes, name)) {
        record.userAgent = text(bytes, fields[at + 3], fields[at + 4]);
      } else if (length === REFERER.length && isName(REFERER, bytes, name)) {
        record.referer = text(bytes, fields[at + 3], fields[at + 4]);
      }
    }
  }

  /** Just before the first try: the request has its id. */
  onForward(head: RequestHead, request: RequestContext): void {
    if (!this.#logged || !request.rules.requestId || head.first[Field.X_REQUEST_ID] >= 0) return;
    this.#record!.requestId = text(request.requestId, 0, request.requestId.length);
  }

  /** Something is done to it on purpose. */
  onFault(fault: string): void {
    if (this.#logged) this.#record!.fault = fault;
  }

  onTry(endpoint: string, result: Code | "ok", reused: boolean, cluster: string): void {
    if (!this.#logged) return;
    const record = this.#record!;
    record.addTry(endpoint, result);
    record.endpoint = endpoint;
    record.cluster = cluster;
    record.reused = reused;
  }

  finish(): void {
    const { metrics } = this.#context;
    const base = this.#downstream.listener.metrics;
    const totalMs = this.#context.engine.now() - this.#downstream.requestAt;
    metrics[base + L.ACTIVE]--;
    metrics[base + L.REQUESTS_NONE + statusClass(this.status)]++;
    metrics[base + L.BYTES_IN] += this.bytesIn;
    metrics[base + L.BYTES_OUT] += this.bytesOut;
    metrics[W.BYTES_IN] += this.bytesIn;
    metrics[W.BYTES_OUT] += this.bytesOut;
    if (this.code !== undefined) metrics[base + L.ERRORS + CODE_NUMBER[this.code]]++;
    histogramRecord(metrics, base + L.DURATION, totalMs);
    if (this.#logged) this.#log(totalMs);
  }

  #log(totalMs: number): void {
    const record = this.#record!;
    const { listener } = this.#downstream;
    record.totalMs = totalMs;
    record.time = this.#context.wallClock() - totalMs;
    record.listener = listener.spec.name;
    record.status = this.status;
    record.code = this.code ?? "";
    record.reason = this.reason;
    record.termination = termination(this.code);
    record.bytesIn = this.bytesIn;
    record.bytesOut = this.bytesOut;
    record.route = this.route;
    record.retries = Math.max(0, record.tries.length - 1);
    record.queueMs = this.queueMs;
    record.connectMs = this.connectMs;
    record.responseMs = this.responseMs;
    this.#context.accessLog?.write(record);
  }
}

function termination(code: Code | undefined): Termination {
  return code === undefined ? "ok" : TRAITS[code].side;
}

/** One character per byte. */
function text(bytes: Uint8Array, start: number, end: number): string {
  let out = "";
  for (let i = start; i < end; i++) out += String.fromCharCode(bytes[i]);
  return out;
}
