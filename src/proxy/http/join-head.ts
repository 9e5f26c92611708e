/**
 * Sends a head that was written into a buffer of its own together with the body bytes that came with the original, in
 * one piece where possible: a second send costs far more than moving a few hundred bytes.
 */
import { BUFFER_SIZE, type Memory } from "../../engine/memory.js";
import type { BodyTransfer, ByteSink } from "./body-transfer.js";

/** Up to this many body bytes are copied behind the head. */
const COPY_BYTES = 2048;

/**
 * Sends the head and as much of the body as lies in `[start, end)`. Returns the offset of the first byte that was not
 * used, or -1 where the body begins with a fault (`body.fault`): then nothing was sent.
 * @param head the buffer that begins with the head of `length` bytes; its reference is taken over
 * @param buffer holds the body bytes; what lies before `start` in it is not needed any more
 */
export function sendMessage(
  memory: Memory,
  sink: ByteSink,
  body: BodyTransfer,
  head: number,
  length: number,
  buffer: number,
  start: number,
  end: number,
): number {
  if (body.done || start === end) {
    sink.send(head, head * BUFFER_SIZE, head * BUFFER_SIZE + length);
    memory.release(head);
    return start;
  }
  const next = start + body.take(memory.bytes, start, end);
  if (body.fault !== undefined) {
    memory.release(head);
    return -1;
  }
  if (body.asIs) {
    sendJoined(memory, sink, head, length, buffer, start, next);
    body.sent += next - start;
  } else {
    sink.send(head, head * BUFFER_SIZE, head * BUFFER_SIZE + length);
    memory.release(head);
    body.emit(memory, sink, buffer, start, next);
  }
  return next < end ? body.forward(memory, sink, buffer, next, end) : next;
}

function sendJoined(
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
    bytes.copyWithin(at + length, start, end);
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
