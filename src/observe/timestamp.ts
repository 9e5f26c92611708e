/**
 * Wall-clock milliseconds as `2026-01-31T23:59:59.123Z` (RFC 3339), by arithmetic. The last result is kept: many log
 * lines share a millisecond, and nearly all share their second with the line before.
 */
export function createTimestamp(): (timeMs: number) => string {
  let second = Number.NaN;
  let prefix = "";
  let millisecond = Number.NaN;
  let text = "";
  return (timeMs) => {
    const whole = Math.floor(timeMs);
    if (whole === millisecond) return text;
    const now = Math.floor(whole / 1000);
    if (now !== second) {
      second = now;
      prefix = formatSecond(now);
    }
    millisecond = whole;
    text = `${prefix}.${pad(whole - now * 1000, 3)}Z`;
    return text;
  };
}

/** Civil date from days since 1970 (Howard Hinnant, "chrono-compatible low-level date algorithms"): years begin in March. */
function formatSecond(second: number): string {
  const day = Math.floor(second / 86_400);
  const time = second - day * 86_400;
  const shifted = day + 719_468;
  const era = Math.floor(shifted / 146_097);
  const dayOfEra = shifted - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const marchMonth = Math.floor((5 * dayOfYear + 2) / 153);
  const date = dayOfYear - Math.floor((153 * marchMonth + 2) / 5) + 1;
  const month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9;
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
  const clock = `${pad(Math.floor(time / 3600), 2)}:${pad(Math.floor(time / 60) % 60, 2)}:${pad(time % 60, 2)}`;
  return `${pad(year, 4)}-${pad(month, 2)}-${pad(date, 2)}T${clock}`;
}

function pad(value: number, width: number): string {
  return String(value).padStart(width, "0");
}
