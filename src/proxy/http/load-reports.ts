/** Endpoints that say how loaded they are: their report is taken from the response's header, for clusters that ask for it. */
import { parseLoadReport } from "../../balance/load-report.js";
import { C } from "../../observe/layout.js";
import { FIELD_STRIDE, Field, type ResponseHead } from "../../wire/http1/head.js";
import type { ProxyContext } from "../context.js";
import type { ProxyCluster, ProxyEndpoint } from "../proxy-cluster.js";
import { isName } from "./header-operations.js";
import { textOf } from "./match-field.js";
import { latin1 } from "./put-bytes.js";

const NAME = latin1("endpoint-load-metrics");

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
    if (fields[at] !== Field.OTHER || fields[at + 2] - fields[at + 1] !== NAME.length) continue;
    if (!isName(NAME, bytes, fields[at + 1])) continue;
    if (!cluster.spec.loadReports!.forward) fields[at] = Field.DROPPED;
    if (isTaken) continue;
    isTaken = true;
    read(context, cluster, endpoint, fields[at + 3], fields[at + 4]);
  }
}

function read(context: ProxyContext, cluster: ProxyCluster, endpoint: ProxyEndpoint, start: number, end: number): void {
  const { metrics, engine } = context;
  const now = context.now();
  if (!cluster.live.wantsReport(endpoint, now)) return;
  const report = parseLoadReport(textOf(engine.memory.bytes, start, end));
  metrics[cluster.metrics + (report === undefined ? C.LOAD_REPORTS_BAD : C.LOAD_REPORTS)]++;
  if (report !== undefined) cluster.live.report(endpoint, report, now);
}
