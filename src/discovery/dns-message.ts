/**
 * DNS messages (RFC 1035 4): questions as bytes, and of responses the question and the answer section. Own, because it is small and what
 * comes is hostile: every length is checked and every loop is bounded. What is not asked for here is skipped, not read.
 */

/** RFC 1035 3.2.2, RFC 3596, RFC 2782. */
const TYPES = { A: 1, CNAME: 5, AAAA: 28, SRV: 33 } as const;
const CLASS_IN = 1;
const HEADER_BYTES = 12;
/** RFC 1035 2.3.4, on the wire. */
const MAX_NAME_BYTES = 255;
/** As many as a name can have labels; a loop of pointers ends here. */
const MAX_JUMPS = 127;

export type QuestionType = "A" | "AAAA" | "SRV";

export interface DnsQuestion {
  /** Lower case, without the final dot. */
  readonly name: string;
  readonly type: QuestionType;
}

export interface DnsService {
  readonly priority: number;
  readonly weight: number;
  readonly port: number;
  /** Empty = there is no such service (RFC 2782). */
  readonly target: string;
}

interface RecordBase {
  /** Lower case, without the final dot. */
  readonly name: string;
  readonly ttlMs: number;
}

export type DnsRecord =
  | (RecordBase & { readonly type: "A" | "AAAA"; readonly address: string })
  | (RecordBase & { readonly type: "CNAME"; readonly target: string })
  | (RecordBase & { readonly type: "SRV"; readonly service: DnsService });

export interface DnsResponse {
  readonly id: number;
  /** RFC 1035 4.1.1: 0 = no error. */
  readonly code: number;
  /** It did not fit: ask again by TCP. Then there are no answers here. */
  readonly isTruncated: boolean;
  readonly question: { readonly name: string; readonly type: number };
  readonly answers: readonly DnsRecord[];
}

/** @param question whose name was checked by the configuration: labels of 1 to 63 ASCII characters, 253 in all */
export function encodeQuestion(id: number, { name, type }: DnsQuestion): Uint8Array {
  const bytes = new Uint8Array(HEADER_BYTES + name.length + 2 + 4);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, id);
  // Recursion is desired.
  view.setUint16(2, 0x0100);
  view.setUint16(4, 1);
  let at = HEADER_BYTES;
  for (const label of name.split(".")) {
    bytes[at++] = label.length;
    for (let i = 0; i < label.length; i++) bytes[at++] = label.charCodeAt(i);
  }
  bytes[at++] = 0;
  view.setUint16(at, TYPES[type]);
  view.setUint16(at + 2, CLASS_IN);
  return bytes;
}

/** True if `response` answers this very question: names have no case. */
export function isAnswerTo(response: DnsResponse, id: number, question: DnsQuestion): boolean {
  return (
    response.id === id && response.question.name === question.name && response.question.type === TYPES[question.type]
  );
}

/** undefined for what is not a response to one question, or is malformed. */
export function decodeResponse(bytes: Uint8Array): DnsResponse | undefined {
  if (bytes.length < HEADER_BYTES) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const flags = view.getUint16(2);
  const isResponse = (flags & 0x8000) !== 0;
  const opcode = (flags >> 11) & 15;
  if (!isResponse || opcode !== 0 || view.getUint16(4) !== 1) return undefined;
  const name = readName(bytes, HEADER_BYTES);
  if (name === undefined || name.end + 4 > bytes.length || view.getUint16(name.end + 2) !== CLASS_IN) return undefined;
  const isTruncated = (flags & 0x0200) !== 0;
  const answers = isTruncated ? [] : readRecords(view, bytes, name.end + 4, view.getUint16(6));
  if (answers === undefined) return undefined;
  const question = { name: name.text, type: view.getUint16(name.end) };
  return { id: view.getUint16(0), code: flags & 15, isTruncated, question, answers };
}

function readRecords(view: DataView, bytes: Uint8Array, start: number, count: number): DnsRecord[] | undefined {
  const records: DnsRecord[] = [];
  let at = start;
  for (let i = 0; i < count; i++) {
    const owner = readName(bytes, at);
    if (owner === undefined || owner.end + 10 > bytes.length) return undefined;
    const type = view.getUint16(owner.end);
    const isInternet = view.getUint16(owner.end + 2) === CLASS_IN;
    const ttl = view.getUint32(owner.end + 4);
    const data = owner.end + 10;
    const end = data + view.getUint16(owner.end + 8);
    if (end > bytes.length) return undefined;
    // RFC 2181 8: with the highest bit set it means 0.
    const base = { name: owner.text, ttlMs: ttl > 0x7fffffff ? 0 : ttl * 1000 };
    const record = isInternet ? readRecord(view, bytes, type, data, end, base) : OTHER;
    if (record === undefined) return undefined;
    if (record !== OTHER) records.push(record);
    at = end;
  }
  return records;
}

const OTHER = "other";

/** undefined where the data does not fit its type. */
function readRecord(
  view: DataView,
  bytes: Uint8Array,
  type: number,
  at: number,
  end: number,
  base: RecordBase,
): DnsRecord | typeof OTHER | undefined {
  switch (type) {
    case TYPES.A:
      if (end - at !== 4) return undefined;
      return { ...base, type: "A", address: bytes.subarray(at, end).join(".") };
    case TYPES.AAAA:
      if (end - at !== 16) return undefined;
      return { ...base, type: "AAAA", address: formatIp6(view, at) };
    case TYPES.CNAME: {
      const target = readName(bytes, at);
      return target?.end === end ? { ...base, type: "CNAME", target: target.text } : undefined;
    }
    case TYPES.SRV: {
      const target = end - at < 7 ? undefined : readName(bytes, at + 6);
      if (target?.end !== end) return undefined;
      const [priority, weight, port] = [view.getUint16(at), view.getUint16(at + 2), view.getUint16(at + 4)];
      return { ...base, type: "SRV", service: { priority, weight, port, target: target.text } };
    }
    default:
      return OTHER;
  }
}

/** The name at `start` in lower case, and where it ends; undefined where it is malformed. */
function readName(bytes: Uint8Array, start: number): { readonly text: string; readonly end: number } | undefined {
  const labels: string[] = [];
  let at = start;
  let end = -1;
  let length = 1;
  let jumps = 0;
  for (;;) {
    if (at >= bytes.length) return undefined;
    const head = bytes[at];
    if (head === 0) return { text: labels.join("."), end: end < 0 ? at + 1 : end };
    if ((head & 0xc0) === 0xc0) {
      if (at + 1 >= bytes.length || ++jumps > MAX_JUMPS) return undefined;
      if (end < 0) end = at + 2;
      at = ((head & 0x3f) << 8) | bytes[at + 1];
      continue;
    }
    const next = at + 1 + head;
    length += 1 + head;
    // 0x40 and 0x80 begin what nobody uses (RFC 6891 5).
    if (head > 63 || next > bytes.length || length > MAX_NAME_BYTES) return undefined;
    labels.push(readLabel(bytes, at + 1, next));
    at = next;
  }
}

/** What is no plain character is written as in zone files (RFC 1035 5.1): a dot within a label is not one between labels. */
function readLabel(bytes: Uint8Array, start: number, end: number): string {
  let text = "";
  for (let i = start; i < end; i++) {
    const character = String.fromCharCode(bytes[i]).toLowerCase();
    text += /[a-z0-9_*-]/.test(character) ? character : `\\${String(bytes[i]).padStart(3, "0")}`;
  }
  return text;
}

/** As RFC 5952 wants it, so that equal addresses are equal texts. */
function formatIp6(view: DataView, at: number): string {
  const groups = Array.from({ length: 8 }, (_, i) => view.getUint16(at + 2 * i).toString(16));
  return new URL(`http://[${groups.join(":")}]/`).hostname.slice(1, -1);
}
