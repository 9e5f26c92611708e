/** Connections whose handlers must hear of their end, told once per turn: never from inside a call of the handler's own. */
import type { CloseReason } from "../engine.js";
import type { UringConn } from "./uring-conn.js";

export class CloseReports {
  readonly #conns: UringConn[] = [];
  readonly #reasons: CloseReason[] = [];

  get waiting(): boolean {
    return this.#conns.length > 0;
  }

  add(conn: UringConn, reason: CloseReason): void {
    conn.reported = true;
    this.#conns.push(conn);
    this.#reasons.push(reason);
  }

  /** Handlers may cause further reports: those are told too. Connections destroyed in the meantime are left out. */
  deliver(): void {
    for (let i = 0; i < this.#conns.length; i++) {
      const conn = this.#conns[i];
      if (!conn.reported) continue;
      conn.reported = false;
      conn.handler.onClose(this.#reasons[i]);
    }
    this.#conns.length = 0;
    this.#reasons.length = 0;
  }
}
