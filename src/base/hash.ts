/** Stable 32-bit hashes for placing things: the same text gives the same number in every thread, process and release. */

/** MurmurHash3's finalizer (Appleby): every input bit changes each output bit with probability one half. */
export function mix32(value: number): number {
  let h = value | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** As `hashText` of the text whose characters are these bytes: FNV-1a, then mixed; an unsigned integer. */
export function hashBytes(bytes: Uint8Array, start: number, end: number): number {
  let h = FNV_BASIS;
  for (let i = start; i < end; i++) h = hashByte(h, bytes[i]);
  return mix32(h);
}

/** FNV-1a, byte by byte: begins with FNV_BASIS and ends with `mix32`. For bytes that are not all in one range. */
export function hashByte(h: number, byte: number): number {
  return Math.imul(h ^ byte, 0x01000193);
}
export const FNV_BASIS = 0x811c9dc5;

/** FNV-1a over the UTF-16 units, then mixed; an unsigned integer. Not for secrets: anyone can find collisions. */
export function hashText(text: string): number {
  let h = FNV_BASIS;
  for (let i = 0; i < text.length; i++) h = hashByte(h, text.charCodeAt(i));
  return mix32(h);
}
