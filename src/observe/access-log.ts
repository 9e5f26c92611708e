/**
 * Turns an AccessRecord into a line, by a format that is compiled once: `json` (one object a line, always the same keys)
 * or a template of `%{field}` placeholders, with `%%` for a percent sign. FIELDS lists the names.
 */
import { LbError } from "../base/errors.js";
import type { AccessRecord, Try } from "./access-record.js";
import { W } from "./layout.js";
import { escapeBare, escapeJson, escapeQuoted } from "./log-escape.js";
import type { LogRingWriter } from "./log-ring.js";
import { createTimestamp } from "./timestamp.js";

type Field =
  | { readonly kind: "text"; readonly of: (record: AccessRecord) => string }
  /** Milliseconds; below 0 = never reached: `null` in JSON, `-` in a template. */
  | { readonly kind: "timer"; readonly of: (record: AccessRecord) => number }
  | { readonly kind: "count"; readonly of: (record: AccessRecord) => number }
  | { readonly kind: "flag"; readonly of: (record: AccessRecord) => boolean }
  | { readonly kind: "time" }
  | { readonly kind: "tries" };

/** Every field, in the order of the JSON keys. AccessRecord says what they mean. */
const FIELDS: Readonly<Record<string, Field>> = {
  time: { kind: "time" },
  kind: { kind: "text", of: (r) => r.kind },
  listener: { kind: "text", of: (r) => r.listener },
  client: { kind: "text", of: (r) => r.client },
  request_id: { kind: "text", of: (r) => r.requestId },
  method: { kind: "text", of: (r) => r.method },
  host: { kind: "text", of: (r) => r.host },
  target: { kind: "text", of: (r) => r.target },
  version: { kind: "text", of: (r) => r.version },
  status: { kind: "count", of: (r) => r.status },
  code: { kind: "text", of: (r) => r.code },
  termination: { kind: "text", of: (r) => r.termination },
  bytes_in: { kind: "count", of: (r) => r.bytesIn },
  bytes_out: { kind: "count", of: (r) => r.bytesOut },
  accept_ms: { kind: "timer", of: (r) => r.acceptMs },
  head_ms: { kind: "timer", of: (r) => r.headMs },
  queue_ms: { kind: "timer", of: (r) => r.queueMs },
  connect_ms: { kind: "timer", of: (r) => r.connectMs },
  response_ms: { kind: "timer", of: (r) => r.responseMs },
  total_ms: { kind: "timer", of: (r) => r.totalMs },
  route: { kind: "text", of: (r) => r.route },
  cluster: { kind: "text", of: (r) => r.cluster },
  endpoint: { kind: "text", of: (r) => r.endpoint },
  reused: { kind: "flag", of: (r) => r.reused },
  retries: { kind: "count", of: (r) => r.retries },
  tries: { kind: "tries" },
  user_agent: { kind: "text", of: (r) => r.userAgent },
  referer: { kind: "text", of: (r) => r.referer },
};

/** One line, printable ASCII (and tabs of the template) up to its final "\n". */
export type LineFormat = (record: AccessRecord) => string;

/** Throws LbError CONFIG_INVALID naming what is wrong with a template. */
export function compileFormat(format: string): LineFormat {
  const parts = format === "json" ? jsonParts() : templateParts(format);
  return (record) => {
    let line = "";
    for (const part of parts) line += typeof part === "string" ? part : part(record);
    return `${line}\n`;
  };
}

/** A worker's access log: formats and puts into the ring; a line that does not fit is counted, never waited for. */
export class AccessLog {
  readonly #format: LineFormat;
  readonly #ring: LogRingWriter;
  readonly #metrics: Float64Array;

  constructor(format: LineFormat, ring: LogRingWriter, metrics: Float64Array) {
    this.#format = format;
    this.#ring = ring;
    this.#metrics = metrics;
  }

  write(record: AccessRecord): void {
    this.#metrics[this.#ring.write(this.#format(record)) ? W.LOG_LINES : W.LOG_DROPPED]++;
  }
}

type Part = string | ((record: AccessRecord) => string);

interface Style {
  readonly text: (text: string) => string;
  readonly absent: string;
  readonly tries: (tries: readonly Try[]) => string;
}

const JSON_STYLE: Style = { text: escapeJson, absent: "null", tries: jsonTries };
const QUOTED_STYLE: Style = { text: escapeQuoted, absent: "-", tries: (tries) => escapeQuoted(listTries(tries)) };
const BARE_STYLE: Style = { text: escapeBare, absent: "-", tries: (tries) => escapeBare(listTries(tries)) };

function jsonTries(tries: readonly Try[]): string {
  const items = tries.map(({ endpoint, outcome }) => `{"endpoint":"${escapeJson(endpoint)}","outcome":"${outcome}"}`);
  return `[${items.join(",")}]`;
}

function listTries(tries: readonly Try[]): string {
  return tries.map(({ endpoint, outcome }) => `${endpoint}=${outcome}`).join(",");
}

function jsonParts(): Part[] {
  const parts: Part[] = [];
  for (const [name, field] of Object.entries(FIELDS)) {
    const quoted = field.kind === "text" || field.kind === "time";
    parts.push(`${parts.length === 0 ? "{" : ","}"${name}":${quoted ? '"' : ""}`);
    parts.push(value(field, JSON_STYLE));
    if (quoted) parts.push('"');
  }
  parts.push("}");
  return parts;
}

function templateParts(template: string): Part[] {
  const bad = /[^\t -~]/.exec(template);
  if (bad !== null) {
    const code = bad[0].charCodeAt(0).toString(16);
    throw invalid(template, `character ${bad.index + 1} (code ${code}) is not printable ASCII`);
  }
  const parts: Part[] = [];
  let inQuotes = false;
  for (const [token, name] of template.matchAll(/%\{([^}]*)\}|%%|[^%]+|%/g)) {
    if (name !== undefined) {
      const field = Object.hasOwn(FIELDS, name) ? FIELDS[name] : undefined;
      if (field === undefined) {
        throw invalid(template, `there is no field "${name}"; fields are ${Object.keys(FIELDS).join(", ")}`);
      }
      parts.push(value(field, inQuotes ? QUOTED_STYLE : BARE_STYLE));
    } else if (token === "%") {
      throw invalid(template, "a % must begin %{field} or be doubled");
    } else {
      if (token.split('"').length % 2 === 0) inQuotes = !inQuotes;
      parts.push(token === "%%" ? "%" : token);
    }
  }
  return parts;
}

function value(field: Field, style: Style): (record: AccessRecord) => string {
  switch (field.kind) {
    case "text":
      return (record) => style.text(field.of(record));
    case "timer":
      return (record) => milliseconds(field.of(record), style.absent);
    case "count":
    case "flag":
      return (record) => String(field.of(record));
    case "time": {
      const timestamp = createTimestamp();
      return (record) => timestamp(record.time);
    }
    case "tries":
      return (record) => style.tries(record.tries);
  }
}

/** To the microsecond: more digits would only be noise. */
function milliseconds(ms: number, absent: string): string {
  return ms >= 0 ? String(Math.round(ms * 1000) / 1000) : absent;
}

function invalid(template: string, why: string): LbError {
  return new LbError("CONFIG_INVALID", `access log format ${JSON.stringify(template)}: ${why}`);
}
