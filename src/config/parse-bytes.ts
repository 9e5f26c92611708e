/** Bytes that a TCP check sends or expects: text with escapes, or hexadecimal. In the Spec they are hexadecimal. */
import { type Refused, refuse } from "./refused.js";

export const BYTES = "text with escapes (\\r \\n \\t \\0 \\xHH \\\\), or hex: and hexadecimal digits";
const MAX_BYTES = 4096;
const ESCAPES: Readonly<Record<string, number>> = { r: 0x0d, n: 0x0a, t: 0x09, "0": 0x00, "\\": 0x5c };
const LETTERS = new Map(Object.entries(ESCAPES).map(([letter, byte]) => [byte, `\\${letter}`]));
const PREFIX = "hex:";

/** @returns lower-case hexadecimal */
export function parseBytes(text: string): string | Refused {
  const bytes = text.startsWith(PREFIX) ? parseHex(text.slice(PREFIX.length)) : parseEscaped(text);
  if (typeof bytes === "string" && bytes.length > MAX_BYTES * 2)
    return refuse(`these are ${bytes.length / 2} bytes`, `the most is ${MAX_BYTES}`);
  return bytes;
}

/** What `parseBytes` reads as the same bytes: text where all of it can be read. */
export function formatBytes(hex: string): string {
  const bytes = [...Buffer.from(hex, "hex")];
  if (!bytes.every((byte) => LETTERS.has(byte) || (byte >= 0x20 && byte < 0x7f))) return PREFIX + hex;
  const text = bytes.map((byte) => LETTERS.get(byte) ?? String.fromCharCode(byte)).join("");
  return text.startsWith(PREFIX) ? PREFIX + hex : text;
}

function parseHex(text: string): string | Refused {
  const digits = text.replaceAll(/[\s:]/g, "");
  if (!/^[0-9a-fA-F]*$/.test(digits)) return refuse(`not hexadecimal: ${text}`);
  return digits.length % 2 === 0 ? digits.toLowerCase() : refuse("an odd number of hexadecimal digits");
}

function parseEscaped(text: string): string | Refused {
  let hex = "";
  for (const [piece, x, letter] of text.matchAll(/\\x([0-9a-fA-F]{2})|\\(.?)|[^\\]+/gs)) {
    if (x !== undefined) hex += x.toLowerCase();
    else if (letter === undefined) hex += Buffer.from(piece).toString("hex");
    else if (Object.hasOwn(ESCAPES, letter)) hex += Buffer.of(ESCAPES[letter]).toString("hex");
    else return refuse(`there is no escape \\${letter}`, "a backslash itself is written twice");
  }
  return hex;
}
