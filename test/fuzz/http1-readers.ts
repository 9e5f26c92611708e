/**
 * The witness: how servers that a proxy may stand before read a connection's bytes. One strict reader and lenient ones,
 * each with a fault that real servers have had. If two of them see different requests in what the proxy forwards, a client
 * can smuggle one past it.
 */

/** What a reader does beyond the rules. Nothing = strict (RFC 9112). */
export interface Leniency {
  /** A line may end with LF alone. */
  readonly bareLf?: boolean;
  /** A line may end with CR alone. */
  readonly bareCr?: boolean;
  /** Of several Content-Length values, which one counts. */
  readonly length?: "first" | "last";
  /** Content-Length beats Transfer-Encoding. */
  readonly lengthBeatsCoding?: boolean;
  /** Any Transfer-Encoding value means chunked. */
  readonly anyCoding?: boolean;
  /** Numbers are read as strtol does: blanks, sign, 0x, underscores, and the rest ignored. */
  readonly looseNumbers?: boolean;
  /** Folded lines are joined; NUL, VT, FF, NBSP and NEL around names and values are trimmed. */
  readonly unfold?: boolean;
  /** Lines that are no fields are skipped. */
  readonly ignoreBadLines?: boolean;
  /** A GET, HEAD or DELETE has no body. */
  readonly noBodyOfGet?: boolean;
  /** An Upgrade field makes the rest of the connection a tunnel. */
  readonly upgradeIsTunnel?: boolean;
  /** `_` in a field name means `-`. */
  readonly underscoreIsHyphen?: boolean;
  /** Trailers are merged into the fields. */
  readonly mergeTrailers?: boolean;
  /** Connection: content-length or transfer-encoding removes that field. */
  readonly connectionStrips?: boolean;
}

export const READERS: Readonly<Record<string, Leniency>> = {
  "O1 strict": {},
  "O2 bare LF": { bareLf: true },
  "O2 bare CR": { bareLf: true, bareCr: true },
  "O3 first length": { length: "first" },
  "O4 last length": { length: "last" },
  "O5 length beats coding": { lengthBeatsCoding: true, length: "first" },
  "O6 any coding": { anyCoding: true, length: "first" },
  "O7 loose numbers": { looseNumbers: true, length: "first" },
  "O8 unfold and trim": { unfold: true, length: "first" },
  "O9 ignore bad lines": { ignoreBadLines: true, length: "first" },
  "O10 GET without body": { noBodyOfGet: true },
  "O11 Upgrade is a tunnel": { upgradeIsTunnel: true },
  "_ is -": { underscoreIsHyphen: true, length: "first" },
  "_ is -, last length": { underscoreIsHyphen: true, length: "last", anyCoding: true },
  "merged trailers": { mergeTrailers: true, length: "first" },
  "Connection strips": { connectionStrips: true },
  "everything, first": {
    bareLf: true,
    bareCr: true,
    length: "first",
    anyCoding: true,
    looseNumbers: true,
    unfold: true,
    ignoreBadLines: true,
    underscoreIsHyphen: true,
  },
  "everything, last": {
    bareLf: true,
    length: "last",
    lengthBeatsCoding: true,
    looseNumbers: true,
    unfold: true,
    ignoreBadLines: true,
  },
};

export interface ReadRequest {
  readonly method: string;
  readonly target: string;
  readonly host: string;
  readonly body: string;
  readonly complete: boolean;
}

/** A reader that gave up, or waits for more. */
class Stop extends Error {}

export interface ReadResponse {
  readonly status: number;
  readonly body: string;
  readonly complete: boolean;
}

class Lines {
  pos = 0;
  readonly text: string;
  readonly how: Leniency;

  constructor(text: string, how: Leniency) {
    this.text = text;
    this.how = how;
  }

  next(): string {
    for (let i = this.pos; i < this.text.length; i++) {
      const char = this.text[i];
      const crlf = char === "\r" && this.text[i + 1] === "\n";
      if (!crlf && !(char === "\n" && this.how.bareLf) && !(char === "\r" && this.how.bareCr)) continue;
      if (char === "\r" && !crlf && i + 1 === this.text.length) break;
      const line = this.text.slice(this.pos, i);
      this.pos = i + (crlf ? 2 : 1);
      return line;
    }
    throw new Stop("no line end");
  }

  take(length: number): string {
    const part = this.text.slice(this.pos, this.pos + length);
    this.pos += part.length;
    return part;
  }
}

type Fields = [name: string, value: string][];

/** The requests that a server reads, the last of them perhaps incomplete; `refused` if it would answer 400 then. */
export function readAs(text: string, how: Leniency): { readonly requests: ReadRequest[]; readonly refused: boolean } {
  const lines = new Lines(text, how);
  const requests: ReadRequest[] = [];
  for (;;) {
    const start = lines.pos;
    if (start === text.length) return { requests, refused: false };
    try {
      requests.push(readOne(lines, how));
      if (!requests[requests.length - 1].complete || lines.pos === Number.POSITIVE_INFINITY) break;
    } catch (error) {
      if (!(error instanceof Stop)) throw error;
      return { requests, refused: error.message !== "no line end" };
    }
  }
  return { requests, refused: false };
}

function readOne(lines: Lines, how: Leniency): ReadRequest {
  let requestLine = lines.next();
  while (requestLine === "") requestLine = lines.next();
  const parts = how.unfold || how.ignoreBadLines ? requestLine.trim().split(/\s+/) : requestLine.split(" ");
  if (parts.length !== 3 || !/^HTTP\/1\.[01]$/.test(parts[2])) throw new Stop("request line");
  const fields = readFields(lines, how);
  const [method, target] = parts;
  const host = values(fields, "host").join();
  const request = { method, target, host };
  if (how.upgradeIsTunnel && values(fields, "upgrade").length > 0) {
    lines.pos = Number.POSITIVE_INFINITY;
    return { ...request, body: "", complete: true };
  }
  if (how.noBodyOfGet && /^(GET|HEAD|DELETE)$/.test(method)) return { ...request, body: "", complete: true };
  return { ...request, ...readBody(lines, fields, how) };
}

/** The final responses that a client reads which sent requests with these methods. */
export function readResponsesAs(text: string, methods: readonly string[], how: Leniency): ReadResponse[] {
  const lines = new Lines(text, how);
  const responses: ReadResponse[] = [];
  try {
    while (responses.length < methods.length && lines.pos < text.length) {
      const status = Number(/^HTTP\/1\.1 ([1-9][0-9][0-9]) /.exec(lines.next())?.[1]);
      if (Number.isNaN(status)) throw new Stop("status line");
      const fields = readFields(lines, how);
      if (status < 200) continue;
      const isEmpty = methods[responses.length] === "HEAD" || status === 204 || status === 304;
      const body = isEmpty ? { body: "", complete: true } : readBody(lines, fields, how, true);
      responses.push({ status, ...body });
      if (!body.complete) break;
    }
  } catch (error) {
    if (!(error instanceof Stop)) throw error;
    if (error.message !== "no line end") responses.push({ status: 0, body: error.message, complete: false });
  }
  return responses;
}

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

function readFields(lines: Lines, how: Leniency): Fields {
  const fields: Fields = [];
  for (let line = lines.next(); line !== ""; line = lines.next()) {
    if (/^[ \t]/.test(line) && fields.length > 0 && how.unfold) {
      fields[fields.length - 1][1] += ` ${line.trim()}`;
      continue;
    }
    const colon = line.indexOf(":");
    let name = line.slice(0, colon);
    let value = line.slice(colon + 1).replace(/^[ \t]+|[ \t]+$/g, "");
    if (how.unfold) [name, value] = [name, value].map((part) => part.replace(/^[\s\0\x85]+|[\s\0\x85]+$/g, ""));
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
    if (colon < 1 || !TOKEN.test(name) || /[\0-\x08\x0a-\x1f\x7f]/.test(value)) {
      if (!how.ignoreBadLines) throw new Stop(`field line ${JSON.stringify(line)}`);
      if (colon < 1 || !TOKEN.test(name)) continue;
    }
    name = name.toLowerCase();
    fields.push([how.underscoreIsHyphen ? name.replaceAll("_", "-") : name, value]);
  }
  if (!how.connectionStrips) return fields;
  const named = values(fields, "connection").flatMap((value) => value.toLowerCase().split(/[\s,]+/));
  return fields.filter(([name]) => !named.includes(name));
}

function values(fields: Fields, wanted: string): string[] {
  return fields.filter(([name]) => name === wanted).map(([, value]) => value);
}

function readBody(
  lines: Lines,
  fields: Fields,
  how: Leniency,
  untilClose = false,
): Pick<ReadRequest, "body" | "complete"> {
  const codings = values(fields, "transfer-encoding");
  const lengths = values(fields, "content-length").flatMap((value) => (how.length ? value.split(",") : [value]));
  if (codings.length > 0 && lengths.length > 0 && how === READERS["O1 strict"]) throw new Stop("both");
  const isChunked = how.anyCoding || (codings.length === 1 && codings[0].toLowerCase() === "chunked");
  if (codings.length > 0 && !(how.lengthBeatsCoding && lengths.length > 0)) {
    if (isChunked) return readChunks(lines, fields, how);
    throw new Stop("coding");
  }
  if (lengths.length === 0 && untilClose) return { body: lines.take(Number.POSITIVE_INFINITY), complete: false };
  if (lengths.length === 0) return { body: "", complete: true };
  if (lengths.length > 1 && how.length === undefined) throw new Stop("lengths");
  const length = readNumber(how.length === "last" ? lengths[lengths.length - 1] : lengths[0], 10, how);
  const body = lines.take(length);
  return { body, complete: body.length === length };
}

function readNumber(text: string, base: 10 | 16, how: Leniency): number {
  const strict = base === 10 ? /^[0-9]+$/ : /^[0-9a-fA-F]+$/;
  if (strict.test(text)) return Number.parseInt(text, base);
  if (!how.looseNumbers) throw new Stop(`number ${JSON.stringify(text)}`);
  const loose = Number.parseInt(text.trim().replaceAll("_", ""), /^[\s+-]*0x/i.test(text) ? 16 : base);
  return Number.isNaN(loose) ? 0 : Math.max(0, loose);
}

function readChunks(lines: Lines, fields: Fields, how: Leniency): Pick<ReadRequest, "body" | "complete"> {
  let body = "";
  try {
    for (;;) {
      const sizeLine = lines.next();
      const size = readNumber(sizeLine.split(";")[0], 16, how);
      if (size === 0) break;
      const data = lines.take(size);
      body += data;
      if (data.length < size) return { body, complete: false };
      if (lines.next() !== "") throw new Stop("chunk end");
    }
    const trailers = readFields(lines, how);
    if (how.mergeTrailers && values(trailers, "content-length").length > 0)
      lines.take(Number(values(trailers, "content-length")[0]));
    if (how.mergeTrailers) fields.push(...trailers);
    return { body, complete: true };
  } catch (error) {
    if (error instanceof Stop && error.message === "no line end") return { body, complete: false };
    throw error;
  }
}
