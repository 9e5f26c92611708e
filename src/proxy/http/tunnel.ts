/**
 * After a matching 101: bytes both ways, with backpressure. FIN is carried through as FIN; a side is done when all that
 * was meant for it is out.
 */
import type { Conn } from "../../engine/engine.js";
import type { Account } from "./account.js";
import type { Tries } from "./tries.js";

export class Tunnel {
  readonly #client: Conn;
  readonly #endpoint: Conn;
  readonly #tries: Tries;
  readonly #account: Account;

  constructor(client: Conn, tries: Tries, account: Account) {
    this.#client = client;
    this.#endpoint = tries.upstream!.conn;
    this.#tries = tries;
    this.#account = account;
  }

  fromClient(buffer: number, start: number, end: number): void {
    this.#endpoint.send(buffer, start, end);
    if (this.#endpoint.congested) this.#client.pause();
    this.#account.bytesIn += end - start;
    this.#tries.bytesSent += end - start;
    this.#tries.touch();
  }

  fromEndpoint(buffer: number, start: number, end: number): void {
    this.#client.send(buffer, start, end);
    if (this.#client.congested) this.#endpoint.pause();
    this.#account.bytesOut += end - start;
    this.#tries.touch();
  }

  /** One side can take more: the other goes on. */
  onDrain(byClient: boolean): void {
    (byClient ? this.#endpoint : this.#client).resume();
  }

  /** One side sent FIN. */
  onEnd(byClient: boolean): void {
    (byClient ? this.#endpoint : this.#client).end();
  }
}
