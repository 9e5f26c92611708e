/** The demo's figures as text: a screen for a terminal, one line elsewhere. Nothing here has a side effect. */
import type { EndpointView } from "../../observe/cluster-view.js";
import { type Figures, quantileBetween } from "./figures.js";

export interface Places {
  readonly http: string;
  readonly tcp: string;
  readonly admin: string;
}

/** Two readings, the older one some seconds ago: rates and quantiles are of the time between. */
export interface Reading {
  readonly before: Figures;
  readonly after: Figures;
}

export function formatScreen(places: Places, { before, after }: Reading, events: readonly string[]): string {
  const endpoints = after.clusters.flatMap((cluster) => cluster.endpoints);
  const retries = after.clusters.reduce((sum, cluster) => sum + cluster.retries, 0);
  const rows = [
    ["endpoint", "health", "requests", "rate/s", "failed", "active", "p50 ms", "p99 ms"],
    ...endpoints.map((endpoint) => [
      endpoint.id,
      endpoint.state,
      String(endpoint.requests),
      rate(findEndpoint(before, endpoint.id)?.requests ?? 0, endpoint.requests, before, after),
      String(endpoint.failures),
      String(endpoint.active),
      endpoint.latencyMs?.p50.toFixed(1) ?? "-",
      endpoint.latencyMs?.p99.toFixed(1) ?? "-",
    ]),
  ];
  return [
    "Plimsoll demo: three endpoints behind one proxy; Ctrl-C ends it",
    "",
    `  HTTP   ${places.http}   (try: curl ${places.http}/)`,
    `  TCP    ${places.tcp}`,
    `  admin  ${places.admin}   /metrics /clusters /ready`,
    `  engine ${after.engine}`,
    "",
    `  ${after.requests} requests, ${rate(before.requests, after.requests, before, after)}/s, ` +
      `p50 ${quantile(before, after, 0.5)}, p99 ${quantile(before, after, 0.99)}, ` +
      `${after.failed} failed, ${retries} retried, ${after.connections} client connections`,
    "",
    ...layOut(rows).map((line) => `  ${line}`),
    "",
    ...events.map((event) => `  ${event}`),
    "",
  ].join("\n");
}

export function formatLine({ before, after }: Reading): string {
  const endpoints = after.clusters
    .flatMap((cluster) => cluster.endpoints)
    .map(({ id, state, requests, latencyMs }) => `${id}=${state}/${requests}/${latencyMs?.p99.toFixed(1) ?? "-"}ms`);
  return [
    `requests=${after.requests}`,
    `rate=${rate(before.requests, after.requests, before, after)}/s`,
    `p50 ${quantile(before, after, 0.5)}`,
    `p99 ${quantile(before, after, 0.99)}`,
    `failed=${after.failed}`,
    ...endpoints,
  ].join(" ");
}

function findEndpoint({ clusters }: Figures, id: string): EndpointView | undefined {
  return clusters.flatMap((cluster) => cluster.endpoints).find((endpoint) => endpoint.id === id);
}

function rate(from: number, to: number, before: Figures, after: Figures): string {
  const seconds = (after.at - before.at) / 1000;
  return seconds <= 0 ? "0.0" : ((to - from) / seconds).toFixed(1);
}

/** Buckets have bounds a factor of two apart: "at most" is all that can be said. */
function quantile(before: Figures, after: Figures, share: number): string {
  const seconds = quantileBetween(before, after, share);
  if (seconds === undefined) return "-";
  return seconds === Infinity ? "over 65 s" : `<=${Number((seconds * 1000).toPrecision(3))}ms`;
}

function layOut(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  return rows.map((row) =>
    row.map((cell, column) => (column < 2 ? cell.padEnd(widths[column]) : cell.padStart(widths[column]))).join("  "),
  );
}
