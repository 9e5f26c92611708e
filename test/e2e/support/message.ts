/** Reads HTTP/1 messages strictly, for both ends of a test: it must not share code with what it tests. */

export interface Message {
  readonly startLine: string;
  /** In order, names in lower case. */
  readonly fields: readonly (readonly [name: string, value: string])[];
  readonly body: string;
  /** Chunked: the trailer lines. */
  readonly trailers: readonly string[];
  /** Sizes of the chunks; undefined where the body is not chunked. */
  readonly chunks: readonly number[] | undefined;
  /** Length of the whole message. */
  readonly size: number;
}

export interface Reading {
  /** It answers HEAD. */
  readonly toHead?: boolean;
  /** The sender has sent FIN: a body without a length is complete. */
  readonly ended?: boolean;
}

/** The values of a field, in order. */
export function values(message: Message, name: string): string[] {
  return message.fields.filter(([one]) => one === name).map(([, value]) => value);
}

export function status(message: Message): number {
  return Number(message.startLine.split(" ")[1]);
}

/** The first message of `text`; undefined while it is incomplete. Throws where it is no message. */
export function readMessage(text: string, reading: Reading = {}): Message | undefined {
  const headEnd = text.indexOf("\r\n\r\n");
  if (headEnd < 0) return undefined;
  const [startLine, ...lines] = text.slice(0, headEnd).split("\r\n");
  const fields = lines.map((line) => {
    const match = /^([!#$%&'*+\-.^_`|~\w]+):[ \t]*(.*?)[ \t]*$/.exec(line);
    if (match === null) throw new Error(`no field line: ${JSON.stringify(line)}`);
    return [match[1].toLowerCase(), match[2]] as const;
  });
  const head = { startLine, fields };
  const whole = (body: string, end: number, chunks?: number[], trailers: string[] = []): Message => {
    return { ...head, body, trailers, chunks, size: end };
  };
  const start = headEnd + 4;
  const get = (name: string) => fields.filter(([one]) => one === name).map(([, value]) => value);
  const isResponse = startLine.startsWith("HTTP/");
  const code = isResponse ? Number(startLine.split(" ")[1]) : 0;
  if (reading.toHead || (isResponse && (code < 200 || code === 204 || code === 304))) return whole("", start);
  const [coding] = get("transfer-encoding");
  const [length] = get("content-length");
  if (coding !== undefined) {
    if (coding !== "chunked" || length !== undefined) throw new Error(`ambiguous framing in ${startLine}`);
    return readChunks(text, start, whole);
  }
  if (length !== undefined) {
    const end = start + Number(length);
    return text.length < end ? undefined : whole(text.slice(start, end), end);
  }
  if (!isResponse) return whole("", start);
  return reading.ended ? whole(text.slice(start), text.length) : undefined;
}

function readChunks(
  text: string,
  start: number,
  whole: (body: string, end: number, chunks: number[], trailers: string[]) => Message,
): Message | undefined {
  const chunks: number[] = [];
  let body = "";
  for (let at = start; ; ) {
    const lineEnd = text.indexOf("\r\n", at);
    if (lineEnd < 0) return undefined;
    const line = text.slice(at, lineEnd);
    if (!/^[0-9a-f]+$/i.test(line)) throw new Error(`no chunk size: ${JSON.stringify(line)}`);
    const size = Number.parseInt(line, 16);
    at = lineEnd + 2;
    if (size === 0) {
      if (text.startsWith("\r\n", at)) return whole(body, at + 2, chunks, []);
      const end = text.indexOf("\r\n\r\n", at);
      return end < 0 ? undefined : whole(body, end + 4, chunks, text.slice(at, end).split("\r\n"));
    }
    if (text.length < at + size + 2) return undefined;
    if (text.slice(at + size, at + size + 2) !== "\r\n") throw new Error("a chunk is longer than its size");
    chunks.push(size);
    body += text.slice(at, at + size);
    at += size + 2;
  }
}
