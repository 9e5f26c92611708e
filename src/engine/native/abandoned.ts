/** What a thread left open that died without clean-up (descriptors.ts), closed by another thread. */
import { close, shutdown } from "./libc.js";

const SHUT_RDWR = 2;

/**
 * Ends every connection and stops every listening socket of `table`. Closing alone would not: the dead thread's ring is
 * still mapped, and operations in it hold the sockets open.
 */
export function closeAbandoned(table: Uint8Array): void {
  for (let fd = table.indexOf(1); fd >= 0; fd = table.indexOf(1, fd + 1)) {
    table[fd] = 0;
    shutdown(fd, SHUT_RDWR);
    close(fd);
  }
}
