/**
 * Where two plain values differ, as an operator reads it: `pool.maxIdle 10 -> 20`, or the path alone where the values are long or might
 * be secret. The paths are those of the Spec.
 */

/** Under these names stands what lets its reader act as somebody else. */
const SECRET = /header|value|token|secret|cookie|password|key|send/i;
const MAX_TEXT = 40;

export function differences(before: unknown, after: unknown): string[] {
  const found: string[] = [];
  compare(before, after, "", found);
  return found;
}

function compare(before: unknown, after: unknown, path: string, found: string[]): void {
  if (isMapping(before) && isMapping(after)) {
    for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
      compare(before[key], after[key], path === "" ? key : `${path}.${key}`, found);
    }
  } else if (!isEqual(before, after)) {
    const [from, to] = [show(before, path), show(after, path)];
    found.push(from === undefined || to === undefined ? path : `${path} ${from} -> ${to}`);
  }
}

/** undefined for what is not shown. */
function show(value: unknown, path: string): string | undefined {
  if (value === undefined) return "none";
  if (value === Number.POSITIVE_INFINITY) return "unlimited";
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  if (typeof value !== "string" || SECRET.test(path) || value.length > MAX_TEXT) return undefined;
  return value === "" ? '""' : value;
}

/** Lists are compared as a whole: their order counts, and what moved in them is not worth a guess. */
function isEqual(before: unknown, after: unknown): boolean {
  if (Array.isArray(before) && Array.isArray(after)) {
    return before.length === after.length && before.every((item, index) => isEqual(item, after[index]));
  }
  if (isMapping(before) && isMapping(after)) return differences(before, after).length === 0;
  return Object.is(before, after);
}

function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
