/**
 * Endpoints that say how loaded they are: their reports are taken from the header and the trailer of their responses, for clusters
 * that ask for it. The first of a section counts.
 */
import { parseBinaryLoadReport, parseLoadReport } from "../../balance/load-report.js";
import { C } from "../../observe/layout.js";
import { Byte } from "../../wire/http1/bytes.js";
import { FIELD_STRIDE, Field, type ResponseHead } from "../../wire/http1/head.js";
import type { ProxyContext } from "../context.js";
import type { ProxyCluster, ProxyEndpoint } from "../proxy-cluster.js";
import type { TrailerFilter } from "./body-transfer.js";
import { isName } from "./header-operations.js";
import { textOf } from "./match-field.js";
import { latin1 } from "./put-bytes.js";

const NAME = latin1("endpoint-load-metrics");
const BINARY_NAME = latin1("endpoint-load-metrics-bin");
const { COLON, CR, HTAB, SP } = Byte;

/** Reads the report in `head`, unless a recent one is known, and hides it from the client unless that is configured. */
export function takeLoadReport(
  context: ProxyContext,
  cluster: ProxyCluster,
  endpoint: ProxyEndpoint,
  head: ResponseHead,
): void {
  const { bytes } = context.engine.memory;
  const { fields, count } = head;
  let isTaken = false;
  for (let line = 0; line < count; line++) {
    const at = line * FIELD_STRIDE;
    if (fields[at] !== Field.OTHER || !isReport(bytes, fields[at + 1], fields[at + 2])) continue;
    if (!cluster.spec.loadReports!.forward) fields[at] = Field.DROPPED;
    if (isTaken) continue;
    isTaken = true;
    const isBinary = fields[at + 2] - fields[at + 1] === BINARY_NAME.length;
    read(context, cluster, endpoint, isBinary, bytes, fields[at + 3], fields[at + 4]);
  }
}

/** The same for the trailer of the response whose body is being forwarded. */
export class TrailerReports implements TrailerFilter {
  readonly #context: ProxyContext;
  #cluster!: ProxyCluster;
  #endpoint!: ProxyEndpoint;

  constructor(context: ProxyContext) {
    this.#context = context;
  }

  /** Whose response it is; undefined if nobody wants to know. */
  of(cluster: ProxyCluster, endpoint: ProxyEndpoint): TrailerFilter | undefined {
    if (cluster.spec.loadReports === undefined) return undefined;
    this.#cluster = cluster;
    this.#endpoint = endpoint;
    return this;
  }

  filter(bytes: Uint8Array, length: number): number {
    const { loadReports } = this.#cluster.spec;
    // Since the response began the configuration may have changed.
    if (loadReports === undefined) return length;
    let isTaken = false;
    let kept = 0;
    for (let start = 0, next = 0; start < length; start = next) {
      let nameEnd = start;
      while (bytes[nameEnd] !== COLON) nameEnd++;
      let valueEnd = nameEnd + 1;
      // A value holds no CR, and what stands here ends with one.
      while (bytes[valueEnd] !== CR) valueEnd++;
      next = valueEnd + 2;
      if (isReport(bytes, start, nameEnd)) {
        if (!isTaken) this.#read(bytes, nameEnd + 1, valueEnd, nameEnd - start === BINARY_NAME.length);
        isTaken = true;
        if (!loadReports.forward) continue;
      }
      bytes.copyWithin(kept, start, next);
      kept += next - start;
    }
    return kept;
  }

  #read(bytes: Uint8Array, start: number, end: number, isBinary: boolean): void {
    let at = start;
    while (bytes[at] === SP || bytes[at] === HTAB) at++;
    read(this.#context, this.#cluster, this.#endpoint, isBinary, bytes, at, end);
  }
}

function isReport(bytes: Uint8Array, start: number, end: number): boolean {
  const length = end - start;
  if (length === NAME.length) return isName(NAME, bytes, start);
  return length === BINARY_NAME.length && isName(BINARY_NAME, bytes, start);
}

function read(
  context: ProxyContext,
  cluster: ProxyCluster,
  endpoint: ProxyEndpoint,
  isBinary: boolean,
  bytes: Uint8Array,
  start: number,
  end: number,
): void {
  const { metrics } = context;
  const now = context.now();
  if (!cluster.live.wantsReport(endpoint, now)) return;
  const text = textOf(bytes, start, end);
  const report = isBinary ? parseBinaryLoadReport(text) : parseLoadReport(text);
  metrics[cluster.metrics + (report === undefined ? C.LOAD_REPORTS_BAD : C.LOAD_REPORTS)]++;
  if (report !== undefined) cluster.live.report(endpoint, report, now);
}
