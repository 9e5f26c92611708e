/**
 * Which endpoint a token names. Tokens are lower-case hexadecimal and cannot be guessed, so their first 32 bits find the
 * entry and the rest only confirms it: one look-up on integers, no string is made of what a client sent.
 */

/** Hexadecimal digits that make the key. */
const KEY_DIGITS = 8;

export class TokenTable {
  readonly #tokens: readonly Uint8Array[];
  /** Key of a token -> its index. */
  readonly #index = new Map<number, number>();
  /** Of each token, the next with the same key; -1 = none. */
  readonly #next: Int32Array;

  /** @param tokens ASCII; all of the same length, 8 digits at least */
  constructor(tokens: readonly Uint8Array[]) {
    this.#tokens = tokens;
    this.#next = new Int32Array(tokens.length).fill(-1);
    for (const [index, token] of tokens.entries()) {
      const key = keyOf(token, 0);
      this.#next[index] = this.#index.get(key) ?? -1;
      this.#index.set(key, index);
    }
  }

  /** The index of the token in `[start, end)`, or -1. */
  find(bytes: Uint8Array, start: number, end: number): number {
    if (end - start < KEY_DIGITS) return -1;
    const key = keyOf(bytes, start);
    if (key < 0) return -1;
    let index = this.#index.get(key) ?? -1;
    while (index >= 0 && !isSame(this.#tokens[index], bytes, start, end)) index = this.#next[index];
    return index;
  }
}

/** -1 where it is no number. */
function keyOf(bytes: Uint8Array, start: number): number {
  let key = 0;
  for (let i = start; i < start + KEY_DIGITS; i++) {
    const byte = bytes[i];
    const digit = byte >= 0x30 && byte <= 0x39 ? byte - 0x30 : byte >= 0x61 && byte <= 0x66 ? byte - 0x57 : -1;
    if (digit < 0) return -1;
    key = key * 16 + digit;
  }
  return key;
}

/** Looks at every byte, so that the time taken does not tell how many of a guess were right. */
function isSame(token: Uint8Array, bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start !== token.length) return false;
  let difference = 0;
  for (let i = 0; i < token.length; i++) difference |= token[i] ^ bytes[start + i];
  return difference === 0;
}
