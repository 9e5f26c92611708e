/**
 * Configured changes of a header section, compiled once per route: which field lines go, and one block of bytes that is
 * added. The order of the operations is resolved here: a later `set` or `remove` undoes an earlier `add`.
 */
import { LbError } from "../../base/errors.js";
import type { HeaderOperation } from "../../model/spec.js";
import { TOKEN, VALUE } from "../../wire/http1/bytes.js";
import { FIELD_IDS, FIELD_STRIDE, Field, type Head } from "../../wire/http1/head.js";
import { fieldId } from "../../wire/http1/names.js";
import { latin1, NO_BYTES } from "./put-bytes.js";

/** Fields that delimit messages and manage connections: Plimsoll's own, and no configuration may touch them. */
const RESERVED: ReadonlySet<string> = new Set([
  "connection",
  "content-length",
  "host",
  "keep-alive",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

export interface HeaderOperations {
  /** False: nothing is removed, and `isRemoved` need not be asked. */
  readonly removes: boolean;
  /** By field id, 1 = lines with this id go, and Plimsoll's own line with that name is not written. */
  readonly removedIds: Uint8Array;
  /** Lower-case names without an id. */
  readonly removedNames: readonly Uint8Array[];
  /** Bit `length & 31` is set for each of `removedNames`: tells most lines apart without a comparison. */
  readonly removedLengths: number;
  /** Date is among what they add or remove: a response gets none from Plimsoll besides. */
  readonly ownsDate: boolean;
  /** Complete field lines to append. */
  readonly added: Uint8Array;
}

export const NO_OPERATIONS: HeaderOperations = {
  removes: false,
  removedIds: new Uint8Array(FIELD_IDS),
  removedNames: [],
  removedLengths: 0,
  ownsDate: false,
  added: NO_BYTES,
};

/** @throws LbError CONFIG_INVALID for a reserved name, a name that is no token, or a value that cannot stand in a field */
export function compileHeaderOperations(operations: readonly HeaderOperation[]): HeaderOperations {
  if (operations.length === 0) return NO_OPERATIONS;
  const removed = new Set<string>();
  let added: { name: string; value: string }[] = [];
  for (const operation of operations) {
    const name = checkedName(operation.name);
    if (operation.kind !== "add") {
      removed.add(name);
      added = added.filter((line) => line.name !== name);
    }
    if (operation.kind !== "remove") added.push({ name, value: checkedValue(name, operation.value) });
  }
  const removedIds = new Uint8Array(FIELD_IDS);
  const removedNames: Uint8Array[] = [];
  let removedLengths = 0;
  for (const name of removed) {
    const bytes = latin1(name);
    const id = fieldId(bytes, 0, bytes.length);
    if (id === Field.OTHER) {
      removedNames.push(bytes);
      removedLengths |= 1 << (bytes.length & 31);
    } else removedIds[id] = 1;
  }
  const ownsDate = removed.has("date") || added.some(({ name }) => name === "date");
  const block = added.map(({ name, value }) => `${name}: ${value}\r\n`).join("");
  return { removes: removed.size > 0, removedIds, removedNames, removedLengths, ownsDate, added: latin1(block) };
}

function checkedName(name: string): string {
  const lower = name.toLowerCase();
  const isToken = lower.length > 0 && latin1(lower).every((byte, i) => lower.charCodeAt(i) < 0x80 && TOKEN[byte] !== 0);
  if (!isToken) throw new LbError("CONFIG_INVALID", `header operation: ${JSON.stringify(name)} is not a field name`);
  if (RESERVED.has(lower))
    throw new LbError("CONFIG_INVALID", `header operation: ${lower} is not open to configuration`);
  return lower;
}

function checkedValue(name: string, text: string): string {
  const value = text.trim();
  for (let i = 0; i < value.length; i++) {
    const unit = value.charCodeAt(i);
    // Above U+00FF one character is not one byte, and which encoding the receiver expects nobody can know.
    if (unit > 0xff || VALUE[unit] === 0) {
      throw new LbError("CONFIG_INVALID", `header operation: the value for ${name} holds ${JSON.stringify(value[i])}`);
    }
  }
  return value;
}

/** Whether the operations remove field line `line`. */
export function isRemoved(operations: HeaderOperations, bytes: Uint8Array, head: Head, line: number): boolean {
  const at = line * FIELD_STRIDE;
  const id = head.fields[at];
  if (id !== Field.OTHER) return operations.removedIds[id] === 1;
  const start = head.fields[at + 1];
  const length = head.fields[at + 2] - start;
  if ((operations.removedLengths & (1 << (length & 31))) === 0) return false;
  for (const name of operations.removedNames) if (name.length === length && isName(name, bytes, start)) return true;
  return false;
}

/** Compares token bytes with a lower-case name of the same length. */
export function isName(name: Uint8Array, bytes: Uint8Array, start: number): boolean {
  for (let i = 0; i < name.length; i++) {
    const byte = bytes[start + i];
    if ((byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte) !== name[i]) return false;
  }
  return true;
}
