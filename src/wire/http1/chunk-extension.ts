/**
 * The grammar of chunk extensions (RFC 9112 7.1.1) as a state machine:
 * *( ";" BWS chunk-ext-name [ BWS "=" BWS chunk-ext-val ] BWS ), without a blank before the first ";" (after a size, some
 * readers take a blank for the end of the number) and without one before the CR.
 */
import { Byte, TOKEN, VALUE } from "./bytes.js";

const { BACKSLASH, CR, EQUALS, HTAB, QUOTE, SEMICOLON, SP } = Byte;

/** Before the first ";". The numbers of the other states are greater, up to EXTENSION_STATES. */
export const EXTENSION = 16;
const NAME_START = 17;
const NAME = 18;
const NAME_END = 19;
const VALUE_START = 20;
const TOKEN_VALUE = 21;
const QUOTED = 22;
const QUOTED_PAIR = 23;
const QUOTED_END = 24;
const VALUE_END = 25;

/** The state after the CR that ends the extensions. */
export const EXTENSION_DONE = 26;

/** The state after `byte`, or -1 where the grammar does not allow it. */
export function nextExtensionState(state: number, byte: number): number {
  const blank = byte === SP || byte === HTAB;
  const token = TOKEN[byte] !== 0;
  switch (state) {
    case NAME_START:
      return token ? NAME : blank ? NAME_START : -1;
    case NAME:
    case NAME_END:
      if (byte === SEMICOLON) return NAME_START;
      if (byte === EQUALS) return VALUE_START;
      if (blank) return NAME_END;
      if (state === NAME_END) return -1;
      return token ? NAME : byte === CR ? EXTENSION_DONE : -1;
    case VALUE_START:
      if (byte === QUOTE) return QUOTED;
      return token ? TOKEN_VALUE : blank ? VALUE_START : -1;
    case QUOTED:
      if (byte === QUOTE) return QUOTED_END;
      return byte === BACKSLASH ? QUOTED_PAIR : VALUE[byte] !== 0 ? QUOTED : -1;
    case QUOTED_PAIR:
      return VALUE[byte] !== 0 ? QUOTED : -1;
    default:
      if (byte === SEMICOLON) return NAME_START;
      if (state === EXTENSION) return -1;
      if (blank) return VALUE_END;
      if (state === VALUE_END) return -1;
      if (byte === CR) return EXTENSION_DONE;
      return token && state === TOKEN_VALUE ? TOKEN_VALUE : -1;
  }
}
