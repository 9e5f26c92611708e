/**
 * Which descriptors this thread has opened by FFI and not closed yet: nobody else knows of them. The table may be shared
 * with another thread, which then can close what was left open by a thread that died without a chance to do so (out of
 * memory): otherwise its clients, and those that its listening sockets go on taking in, would wait for ever.
 */

/** Descriptor numbers above this are not remembered. Untouched pages of the table cost no memory. */
export const MAX_DESCRIPTORS = 1 << 20;

let table: Uint8Array = new Uint8Array(0);

/** One byte per descriptor, MAX_DESCRIPTORS long: 1 = open. Call before anything is opened. */
export function rememberDescriptors(shared: Uint8Array): void {
  table = shared;
}

export function rememberOpen(fd: number): void {
  if (fd >= 0 && fd < table.length) table[fd] = 1;
}

/** Call before closing: after it the number may belong to another thread. */
export function rememberClosing(fd: number): void {
  if (fd >= 0 && fd < table.length) table[fd] = 0;
}
