/** After a matching 101: bytes both ways, with backpressure, FIN carried through. */
import type { Conn } from "../../engine/engine.js";

export class Tunnel {
  readonly client: Conn;
  readonly endpoint: Conn;
  #ended = 0;

  constructor(client: Conn, endpoint: Conn) {
    this.client = client;
    this.endpoint = endpoint;
  }

  relay(fromClient: boolean, buffer: number, start: number, end: number): void {
    const from = fromClient ? this.client : this.endpoint;
    const to = fromClient ? this.endpoint : this.client;
    to.send(buffer, start, end);
    if (to.congested) from.pause();
  }

  /** What `drained` sends to can take more: its feeder goes on. */
  onDrain(clientDrained: boolean): void {
    (clientDrained ? this.endpoint : this.client).resume();
  }

  /** One side sent FIN; true when both have. */
  onEnd(byClient: boolean): boolean {
    (byClient ? this.endpoint : this.client).end();
    return ++this.#ended === 2;
  }
}
