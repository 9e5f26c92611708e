/**
 * One line for each record on standard error: for people on a terminal, JSON elsewhere. Whatever a value holds, it cannot
 * end the line or drive the terminal.
 */
import { printable } from "../config/printable.js";
import type { LogRecord } from "../proxy/log-record.js";

export type Log = (record: LogRecord) => void;

export interface LogOptions {
  readonly write: (line: string) => void;
  readonly isTerminal: boolean;
  /** Wall clock, for the time of each line. */
  readonly now: () => Date;
}

export function createLog({ write, isTerminal, now }: LogOptions): Log {
  const format = isTerminal ? formatForPeople : formatAsJson;
  return (record) => write(`${format(record, now())}\n`);
}

/** `HH:MM:SS level event message k=v`, in local time. */
export function formatForPeople({ level, event, message, fields = {} }: LogRecord, time: Date): string {
  const clock = [time.getHours(), time.getMinutes(), time.getSeconds()]
    .map((n) => String(n).padStart(2, "0"))
    .join(":");
  const pairs = Object.entries(fields).filter(([, value]) => value !== undefined);
  const tail = pairs.map(([key, value]) => ` ${printable(key)}=${formatValue(value)}`).join("");
  return `${clock} ${level.padEnd(5)} ${printable(event)} ${printable(message)}${tail}`;
}

/** One object; the record's own keys cannot be overwritten by its fields. */
export function formatAsJson({ level, event, message, fields = {} }: LogRecord, time: Date): string {
  const own = { time: time.toISOString(), level, event, message };
  const text = JSON.stringify(Object.assign({ ...own }, plain(fields), own));
  // JSON.stringify leaves DEL, C1 and invisible characters as they are.
  return printable(text);
}

function formatValue(value: unknown): string {
  const text = typeof value === "string" ? value : (JSON.stringify(plain(value)) ?? String(value));
  return /^[\w.:/[\]*@+-]+$/.test(text) || typeof value !== "string"
    ? printable(text)
    : printable(JSON.stringify(text));
}

/** Errors and big integers have no JSON form of their own. */
function plain(value: unknown): unknown {
  if (value instanceof Error) return value.message;
  if (typeof value === "bigint") return String(value);
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item)]));
}
