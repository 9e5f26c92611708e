/**
 * An endpoint that sees and does everything: it records the bytes of each connection and answers by a script, which may
 * break any rule. SAFETY: what a rejected message must not do is reach `connections`.
 */
import assert from "node:assert/strict";
import { once } from "node:events";
import net from "node:net";
import { READERS, readAs } from "../../fuzz/http1-readers.js";
import { Wire } from "./wire.js";

/** What a connection does, from the moment it is accepted; `index` counts from 0 within a test. */
export type Script = (wire: Wire, index: number) => Promise<void> | void;

export const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/** Answers every request with these bytes. */
export function answering(...replies: readonly string[]): Script {
  return async (wire) => {
    for (let i = 0; ; i++) {
      await wire.read();
      wire.send(replies[Math.min(i, replies.length - 1)]);
    }
  };
}

export class Witness {
  readonly server: net.Server;
  /** Since the test began. */
  connections: Wire[] = [];
  script: Script = answering(OK);
  #waiting: (() => void)[] = [];

  private constructor() {
    this.server = net.createServer({ allowHalfOpen: true }, (socket) => {
      const wire = new Wire(socket);
      const index = this.connections.push(wire) - 1;
      // A script that waits for more than comes ends with its connection.
      Promise.resolve(this.script(wire, index)).catch(() => {});
      for (const wake of this.#waiting.splice(0)) wake();
    });
  }

  static async start(): Promise<Witness> {
    const witness = new Witness();
    witness.server.listen(0, "127.0.0.1");
    await once(witness.server, "listening");
    return witness;
  }

  get port(): number {
    return (this.server.address() as net.AddressInfo).port;
  }

  /** Resolves with connection number `index`, counted from 0. */
  async connection(index = 0): Promise<Wire> {
    const late = AbortSignal.timeout(5000);
    while (this.connections[index] === undefined) {
      assert.ok(!late.aborted, `connection ${index} came`);
      await new Promise<void>((resolve) => {
        this.#waiting.push(resolve);
        setTimeout(resolve, 5010).unref();
      });
    }
    return this.connections[index];
  }

  /** Every byte of every connection. */
  get received(): string {
    return this.connections.map((wire) => wire.received).join("");
  }

  /** Request lines of each connection as a strict server reads them. */
  get requests(): string[][] {
    return this.connections.map((wire) =>
      readAs(wire.received, READERS["O1 strict"]).requests.map(({ method, target }) => `${method} ${target}`),
    );
  }

  /** Every server model reads the same requests; those that cannot be saved from themselves are named in `except`. */
  assertOneReading(except: readonly string[] = []): void {
    for (const wire of this.connections) {
      const strict = readAs(wire.received, READERS["O1 strict"]);
      assert.equal(strict.refused, false, `a strict server refuses ${JSON.stringify(wire.received)}`);
      for (const [name, how] of Object.entries(READERS)) {
        if (except.some((one) => name.startsWith(one))) continue;
        const seen = readAs(wire.received, how);
        assert.deepEqual(seen.requests, strict.requests, `reader ${name} of ${JSON.stringify(wire.received)}`);
      }
    }
  }

  /** Lets go of every connection and of the script. */
  clear(): void {
    for (const wire of this.connections) wire.destroy();
    this.connections = [];
    this.script = answering(OK);
  }

  /** As `clear`, and also of those connections that are still on their way: a last one comes behind them. */
  async settle(): Promise<void> {
    this.clear();
    const seen = new Promise<void>((resolve) => {
      this.script = (wire) => {
        if (wire.socket.remotePort === last.localPort) resolve();
      };
    });
    const last = net.connect({ host: "127.0.0.1", port: this.port });
    await once(last, "connect");
    await seen;
    last.destroy();
    this.clear();
  }

  async close(): Promise<void> {
    this.clear();
    this.server.close();
    await once(this.server, "close");
  }
}
