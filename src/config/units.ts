/** Durations, sizes and shares: how a file writes them, and back. Writing and reading again gives the same number. */
import { type Refused, refuse } from "./refused.js";

export const DURATION = "a duration such as 300ms, 2s, 5m or 1h; a bare number is milliseconds";
export const SIZE = "a size such as 512B, 64KiB or 1MB; a bare number is bytes";
export const PERCENT = "a percentage such as 20%; a bare number is percent too";

const MILLISECONDS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const BYTES = {
  B: 1,
  KB: 1000,
  MB: 1_000_000,
  GB: 1_000_000_000,
  KiB: 1024,
  MiB: 1_048_576,
  GiB: 1_073_741_824,
} as const;

/** 24.8 days: what a timer can count, and more than any timeout means. */
export const MAX_DURATION_MS = 2 ** 31 - 1;

/** `none` and 0 mean 0. */
export function parseDuration(input: string | number): number | Refused {
  const ms = input === "none" ? 0 : parseQuantity(String(input), MILLISECONDS, "ms");
  if (typeof ms !== "number") return ms;
  if (!Number.isInteger(ms)) return refuse(`${input} is not a whole number of milliseconds`);
  return ms <= MAX_DURATION_MS ? ms : refuse(`${input} is longer than 24 days`, "write none where no limit is meant");
}

/** Infinity for `unlimited`, where the key allows it. */
export function parseSize(input: string | number): number | Refused {
  if (input === "unlimited") return Number.POSITIVE_INFINITY;
  const bytes = parseQuantity(String(input), BYTES, "B");
  if (typeof bytes !== "number") return bytes;
  return Number.isSafeInteger(bytes) ? bytes : refuse(`${input} is not a whole number of bytes`);
}

/** A rate: a size per second, `240B/s` or `240`. */
export function parseRate(input: string | number): number | Refused {
  if (input === "none") return 0;
  return parseSize(typeof input === "string" ? input.replace(/\/s$/, "") : input);
}

/** Percent as a number from 0 to 100. */
export function parsePercent(input: string | number): number | Refused {
  const match = /^(\d+(?:\.\d+)?)\s*%?$/.exec(String(input));
  if (match === null) return refuse(`not a percentage: ${input}`);
  const percent = Number(match[1]);
  return percent <= 100 ? percent : refuse(`${input} is more than 100 percent`);
}

function parseQuantity(text: string, units: Readonly<Record<string, number>>, bare: string): number | Refused {
  const match = /^(\d+(?:\.\d+)?)\s*([A-Za-z]*)$/.exec(text);
  if (match === null) return refuse(`not a number with a unit: ${text}`);
  const unit = match[2] === "" ? bare : match[2];
  if (Object.hasOwn(units, unit)) return Number(match[1]) * units[unit];
  const known = Object.keys(units);
  const meant = known.filter((name) => name.toLowerCase().startsWith(unit[0].toLowerCase()));
  const hint = (meant.length > 0 ? meant : known).map((name) => match[1] + name).join(" or ");
  return refuse(`there is no unit ${unit}`, `write ${hint}`);
}

export function formatDuration(ms: number): string {
  return ms === 0 ? "none" : inLargest(ms, { ms: 1, s: 1000, m: 60_000, h: 3_600_000 });
}

export function formatSize(bytes: number): string {
  if (bytes === Number.POSITIVE_INFINITY) return "unlimited";
  return inLargest(bytes, { B: 1, KiB: 1024, MiB: 1_048_576, GiB: 1_073_741_824 });
}

export function formatRate(bytesPerSecond: number): string {
  return bytesPerSecond === 0 ? "none" : `${formatSize(bytesPerSecond)}/s`;
}

/** The largest unit that divides evenly. `units` ascend. */
function inLargest(amount: number, units: Readonly<Record<string, number>>): string {
  let [name, size] = ["", 1];
  for (const [unit, factor] of Object.entries(units))
    if (amount > 0 && amount % factor === 0) [name, size] = [unit, factor];
  return `${amount / size}${name === "" ? Object.keys(units)[0] : name}`;
}
