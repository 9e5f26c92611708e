/**
 * Sends a head that was written into a buffer of its own together with the body bytes that came with the original, in
 * one piece where possible: a second send costs far more than moving a few hundred bytes.
 */
import { BUFFER_SIZE, type Memory } from "../../engine/memory.js";
import type { ByteSink } from "./body-transfer.js";

/** Up to this many body bytes are copied behind the head. */
const COPY_BYTES = 2048;

/**
 * @param head the buffer that begins with the head of `length` bytes; its reference is taken over
 * @param buffer holds the body bytes `[start, end)`; what lies before `start` in it is not needed any more
 */
export function sendJoined(
  memory: Memory,
  sink: ByteSink,
  head: number,
  length: number,
  buffer: number,
  start: number,
  end: number,
): void {
  const { bytes } = memory;
  const at = head * BUFFER_SIZE;
  const size = end - start;
  if (size <= COPY_BYTES && length + size <= BUFFER_SIZE) {
    if (size > 0) bytes.copyWithin(at + length, start, end);
    sink.send(head, at, at + length + size);
  } else if (memory.isSole(buffer) && start - length >= buffer * BUFFER_SIZE) {
    // The original head, and the headroom before it, make room for the new one.
    bytes.copyWithin(start - length, at, at + length);
    sink.send(buffer, start - length, end);
  } else {
    sink.send(head, at, at + length);
    sink.send(buffer, start, end);
  }
  memory.release(head);
}
