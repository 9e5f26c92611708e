/** Connections by slot. A slot is given away again only when no completion can name its connection any more. */
import type { UringConn } from "./uring-conn.js";

export class ConnTable {
  /** @internal Read by the loop. */
  readonly conns: (UringConn | undefined)[] = [];
  readonly #free: number[] = [];

  /** The slot for the next connection, which has to be `put` there. */
  nextSlot(): number {
    return this.#free.pop() ?? this.conns.length;
  }

  put(conn: UringConn): void {
    this.conns[conn.slot] = conn;
  }

  /** Frees the slot of a closed connection unless completions are still to come; idempotent. */
  retire(conn: UringConn): void {
    if (conn.operations > 0 || conn.slot < 0) return;
    this.conns[conn.slot] = undefined;
    this.#free.push(conn.slot);
    conn.slot = -1;
  }
}
