/** Strict reading of the header section that a health check gets back. A server that cannot frame a response is not healthy. */

export interface AnswerHead {
  readonly status: number;
  readonly body: { readonly kind: "length"; readonly bytes: number } | { readonly kind: "chunked" | "close" };
}

const STATUS_LINE = /^HTTP\/1\.[01] ([1-5]\d\d)(?: [\t\x20-\x7e\x80-\xff]*)?$/;
const FIELD_LINE = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[\t ]*([\t\x20-\x7e\x80-\xff]*?)[\t ]*$/;

/** @param text the section decoded as Latin-1, up to and without the empty line @returns undefined if it is malformed */
export function parseAnswerHead(text: string): AnswerHead | undefined {
  const [first, ...lines] = text.split("\r\n");
  const status = STATUS_LINE.exec(first)?.[1];
  if (status === undefined) return undefined;
  let length: string | undefined;
  let chunked = false;
  for (const line of lines) {
    const field = FIELD_LINE.exec(line);
    if (field === null) return undefined;
    const name = field[1].toLowerCase();
    if (name === "content-length") {
      if (!/^\d{1,15}$/.test(field[2]) || (length !== undefined && length !== field[2])) return undefined;
      length = field[2];
    } else if (name === "transfer-encoding") {
      if (chunked || field[2].toLowerCase() !== "chunked") return undefined;
      chunked = true;
    }
  }
  // RFC 9112 6.3: both together are an attempt at smuggling, or a broken server.
  if (chunked && length !== undefined) return undefined;
  if (chunked) return { status: Number(status), body: { kind: "chunked" } };
  if (length !== undefined) return { status: Number(status), body: { kind: "length", bytes: Number(length) } };
  return { status: Number(status), body: { kind: "close" } };
}
