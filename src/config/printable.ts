/** Text from anybody, made safe for a terminal or a log line: what could move the cursor or hide text is escaped. */

/** Controls (C0, DEL, C1), line and paragraph separators, bidirectional and invisible format characters, half surrogates. */
const UNSAFE = /[\p{Cc}\p{Zl}\p{Zp}\p{Cf}\p{Cs}]/gu;

/** Escapes as in JSON: `\n`, `\t`, `\u001b`. A backslash stays as it is: the result is for reading, not for parsing. */
export function printable(text: string): string {
  return text.replace(UNSAFE, (character) => {
    if (character === "\n") return "\\n";
    if (character === "\r") return "\\r";
    if (character === "\t") return "\\t";
    // By UTF-16 unit, as JSON has it.
    return Array.from(
      { length: character.length },
      (_, i) => `\\u${hex(character.charCodeAt(i)).padStart(4, "0")}`,
    ).join("");
  });
}

/** The first control character (C0 or DEL), named for a message: `CR (0x0d)`. */
export function findControl(text: string): string | undefined {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code < 0x20 || code === 0x7f) return `${CONTROL_NAMES[code] ?? "a control character"} (0x${hex(code)})`;
  }
  return undefined;
}

const CONTROL_NAMES: Readonly<Record<number, string>> = { 0: "NUL", 9: "a tab", 10: "LF", 13: "CR", 27: "ESC" };

function hex(code: number): string {
  return code.toString(16).padStart(2, "0");
}
