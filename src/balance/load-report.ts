/**
 * What endpoints report of their own load in the fields `endpoint-load-metrics` and `endpoint-load-metrics-bin` of header or
 * trailer (Open Request Cost Aggregation, xDS `OrcaLoadReport`), and the weight that follows from it: client-side weighted round
 * robin as gRPC has it (gRFC A58).
 * Endpoints are not believed blindly: what is malformed, negative or too large is no report at all.
 */
import { EndpointCell } from "../model/cells.js";
import { elapsed } from "./latency.js";
import { readBinaryReport } from "./load-report-binary.js";

export interface LoadReport {
  /** Share of its capacity in use, 0 and up; above 1 is overload. The application's own figure, else that of the CPU. */
  readonly utilization: number;
  /** Requests and errors per second; 0 = not reported. */
  readonly rps: number;
  readonly eps: number;
}

/** Longer values are not read. */
const MAX_LENGTH = 4096;
const MAX_UTILIZATION = 100;
const MAX_RATE = 1_000_000;
const UTILIZATION_UNIT = 10_000;
const RATE_UNIT = 1000;

/** The fields that count; all others (memory, costs, named metrics) are checked for form only. */
const FIELDS = ["application_utilization", "cpu_utilization", "rps_fractional", "rps", "eps"] as const;
type Fields = Partial<Record<(typeof FIELDS)[number], number>>;

/**
 * @param value of `endpoint-load-metrics`: `TEXT cpu_utilization=0.3, rps_fractional=12`, `JSON {...}` or `BIN` and base64, in any
 * case of the word
 */
export function parseLoadReport(value: string): LoadReport | undefined {
  if (value.length > MAX_LENGTH) return undefined;
  const match = /^[ \t]*(TEXT|JSON|BIN)[ \t]+(.*?)[ \t]*$/is.exec(value);
  if (match === null) return undefined;
  const form = match[1].toUpperCase();
  if (form === "JSON") return reportOf(fromJson(match[2]));
  return reportOf(form === "TEXT" ? fromText(match[2]) : fromBinary(match[2]));
}

/** @param value of `endpoint-load-metrics-bin`: the message in base64 */
export function parseBinaryLoadReport(value: string): LoadReport | undefined {
  return value.length > MAX_LENGTH ? undefined : reportOf(fromBinary(value));
}

function reportOf(fields: Fields | undefined): LoadReport | undefined {
  if (fields === undefined) return undefined;
  const application = fields.application_utilization ?? 0;
  const utilization = application > 0 ? application : (fields.cpu_utilization ?? 0);
  const rps = fields.rps_fractional ?? fields.rps ?? 0;
  const eps = fields.eps ?? 0;
  if (utilization > MAX_UTILIZATION || rps > MAX_RATE || eps > MAX_RATE) return undefined;
  return { utilization, rps, eps };
}

/**
 * A weight from what was reported: the requests per second that the endpoint would serve at full use, less for errors.
 * @param errorPenalty how much an error costs, in units of a request's utilization; gRPC's default is 1
 * @returns undefined if nothing follows from it
 */
export function weightFromReport({ utilization, rps, eps }: LoadReport, errorPenalty: number): number | undefined {
  if (rps <= 0 || utilization <= 0) return undefined;
  return rps / (utilization + (eps / rps) * errorPenalty);
}

/** Keeps a report where all threads see it. @param at the endpoint's first cell */
export function storeReport(cells: Int32Array, at: number, report: LoadReport, now: number): void {
  Atomics.store(cells, at + EndpointCell.REPORTED_UTILIZATION, Math.round(report.utilization * UTILIZATION_UNIT));
  Atomics.store(cells, at + EndpointCell.REPORTED_RPS, Math.round(report.rps * RATE_UNIT));
  Atomics.store(cells, at + EndpointCell.REPORTED_EPS, Math.round(report.eps * RATE_UNIT));
  // 0 means that there never was one.
  Atomics.store(cells, at + EndpointCell.REPORTED_AT, Math.round(now) | 0 || 1);
}

/** The last report, unless it is older than `maxAgeMs`. */
export function loadReport(cells: Int32Array, at: number, now: number, maxAgeMs: number): LoadReport | undefined {
  const reportedAt = Atomics.load(cells, at + EndpointCell.REPORTED_AT);
  if (reportedAt === 0 || elapsed(reportedAt, now) > maxAgeMs) return undefined;
  return {
    utilization: Atomics.load(cells, at + EndpointCell.REPORTED_UTILIZATION) / UTILIZATION_UNIT,
    rps: Atomics.load(cells, at + EndpointCell.REPORTED_RPS) / RATE_UNIT,
    eps: Atomics.load(cells, at + EndpointCell.REPORTED_EPS) / RATE_UNIT,
  };
}

/** `name=value` pairs behind commas; names may have a prefix with a dot (`named_metrics.queue=3`). */
function fromText(text: string): Fields | undefined {
  const fields: Fields = {};
  const seen = new Set<string>();
  for (const pair of text.split(",")) {
    const match = /^[ \t]*([A-Za-z0-9_.-]+)[ \t]*=[ \t]*([0-9.eE+-]+)[ \t]*$/.exec(pair);
    if (match === null || seen.has(match[1])) return undefined;
    seen.add(match[1]);
    if (!take(fields, match[1], /^\d/.test(match[2]) ? Number(match[2]) : Number.NaN)) return undefined;
  }
  return fields;
}

function fromJson(text: string): Fields | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) return undefined;
  const fields: Fields = {};
  for (const [name, value] of Object.entries(parsed)) {
    // Maps of further metrics (named_metrics, utilization, request_cost).
    const isMap = typeof value === "object" && value !== null && !Array.isArray(value);
    if (isMap && !isField(name)) continue;
    if (typeof value !== "number" || !take(fields, name, value)) return undefined;
  }
  return fields;
}

function fromBinary(text: string): Fields | undefined {
  const fields: Fields = {};
  return readBinaryReport(text, (name, value) => take(fields, name, value)) ? fields : undefined;
}

function isField(name: string): name is (typeof FIELDS)[number] {
  return (FIELDS as readonly string[]).includes(name);
}

/** False if the value is not a plain number from 0 up. */
function take(fields: Fields, name: string, value: number): boolean {
  if (!Number.isFinite(value) || value < 0) return false;
  if (isField(name)) fields[name] = value;
  return true;
}
