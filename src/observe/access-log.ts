/**
 * Turns an AccessRecord into a line, by a format that is compiled once: `json` (one object a line, always the same keys)
 * or a template of `%{field}` placeholders, with `%%` for a percent sign. FIELDS lists the names.
 */
import { LbError } from "../base/errors.js";
import type { AccessRecord, Try } from "./access-record.js";
import { W } from "./layout.js";
import { LineBuffer } from "./line-buffer.js";
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
  reason: { kind: "text", of: (r) => r.reason },
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
  fault: { kind: "text", of: (r) => r.fault },
  cluster: { kind: "text", of: (r) => r.cluster },
  endpoint: { kind: "text", of: (r) => r.endpoint },
  reused: { kind: "flag", of: (r) => r.reused },
  retries: { kind: "count", of: (r) => r.retries },
  tries: { kind: "tries" },
  user_agent: { kind: "text", of: (r) => r.userAgent },
  referer: { kind: "text", of: (r) => r.referer },
};

/** Appends one line, printable ASCII (and tabs of the template) up to its final "\n". */
export type LineFormat = (record: AccessRecord, line: LineBuffer) => void;

/** Throws LbError CONFIG_INVALID naming what is wrong with a template. */
export function compileFormat(format: string): LineFormat {
  const parts = format === "json" ? jsonParts() : templateParts(format);
  return (record, line) => {
    for (const part of parts) {
      line.raw(part.before);
      part.write(record, line);
    }
  };
}

/** A worker's access log: formats and puts into the ring; a line that does not fit is counted, never waited for. */
export class AccessLog {
  readonly #format: LineFormat;
  readonly #ring: LogRingWriter;
  readonly #metrics: Float64Array;
  readonly #line = new LineBuffer();

  constructor(format: LineFormat, ring: LogRingWriter, metrics: Float64Array) {
    this.#format = format;
    this.#ring = ring;
    this.#metrics = metrics;
  }

  write(record: AccessRecord): void {
    const line = this.#line;
    line.length = 0;
    this.#format(record, line);
    this.#metrics[this.#ring.write(line.bytes, line.length) ? W.LOG_LINES : W.LOG_DROPPED]++;
  }
}

type Write = (record: AccessRecord, line: LineBuffer) => void;

/** Constant bytes, and the field after them. */
interface Part {
  readonly before: Uint8Array;
  readonly write: Write;
}

const END: Write = (_record, line) => line.byte(0x0a);

function jsonParts(): Part[] {
  const parts: Part[] = [];
  let before = "{";
  for (const [name, field] of Object.entries(FIELDS)) {
    const quote = field.kind === "text" || field.kind === "time" ? '"' : "";
    parts.push({ before: ascii(`${before}"${name}":${quote}`), write: writer(field, JSON_STYLE) });
    before = `${quote},`;
  }
  parts.push({ before: ascii(before.replace(",", "}")), write: END });
  return parts;
}

function templateParts(template: string): Part[] {
  const bad = /[^\t -~]/.exec(template);
  if (bad !== null) {
    const code = bad[0].charCodeAt(0).toString(16);
    throw invalid(template, `character ${bad.index + 1} (code ${code}) is not printable ASCII`);
  }
  const parts: Part[] = [];
  let before = "";
  let inQuotes = false;
  for (const [token, name] of template.matchAll(/%\{([^}]*)\}|%%|[^%]+|%/g)) {
    if (name !== undefined) {
      const field = Object.hasOwn(FIELDS, name) ? FIELDS[name] : undefined;
      if (field === undefined) {
        throw invalid(template, `there is no field "${name}"; fields are ${Object.keys(FIELDS).join(", ")}`);
      }
      parts.push({ before: ascii(before), write: writer(field, inQuotes ? QUOTED_STYLE : BARE_STYLE) });
      before = "";
    } else if (token === "%") {
      throw invalid(template, "a % must begin %{field} or be doubled");
    } else {
      if (token.split('"').length % 2 === 0) inQuotes = !inQuotes;
      before += token === "%%" ? "%" : token;
    }
  }
  parts.push({ before: ascii(before), write: END });
  return parts;
}

interface Style {
  readonly text: (line: LineBuffer, text: string) => void;
  readonly absent: Uint8Array;
  readonly tries: (line: LineBuffer, tries: readonly Try[]) => void;
}

const JSON_STYLE: Style = { text: (line, text) => line.json(text), absent: ascii("null"), tries: jsonTries };
const QUOTED_STYLE: Style = {
  text: (line, text) => line.quoted(text),
  absent: ascii("-"),
  tries: (line, tries) => line.quoted(listTries(tries)),
};
const BARE_STYLE: Style = {
  text: (line, text) => line.bare(text),
  absent: ascii("-"),
  tries: (line, tries) => line.bare(listTries(tries)),
};

function writer(field: Field, style: Style): Write {
  switch (field.kind) {
    case "text":
      return (record, line) => style.text(line, field.of(record));
    case "timer":
      return (record, line) => {
        const ms = field.of(record);
        if (ms >= 0) line.decimal(ms);
        else line.raw(style.absent);
      };
    case "count":
      return (record, line) => line.integer(field.of(record));
    case "flag":
      return (record, line) => line.json(field.of(record) ? "true" : "false");
    case "time": {
      const timestamp = createTimestamp();
      return (record, line) => line.json(timestamp(record.time));
    }
    case "tries":
      return (record, line) => style.tries(line, record.tries);
  }
}

const TRY = ascii('{"endpoint":"');
const OUTCOME = ascii('","outcome":"');
const TRY_END = ascii('"}');

function jsonTries(line: LineBuffer, tries: readonly Try[]): void {
  line.byte(0x5b);
  for (let i = 0; i < tries.length; i++) {
    if (i > 0) line.byte(0x2c);
    line.raw(TRY);
    line.json(tries[i]!.endpoint);
    line.raw(OUTCOME);
    line.json(tries[i]!.outcome);
    line.raw(TRY_END);
  }
  line.byte(0x5d);
}

function listTries(tries: readonly Try[]): string {
  return tries.map(({ endpoint, outcome }) => `${endpoint}=${outcome}`).join(",");
}

function ascii(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

function invalid(template: string, why: string): LbError {
  return new LbError("CONFIG_INVALID", `access log format ${JSON.stringify(template)}: ${why}`);
}
