/** Plain `net` sockets at the other end of the engine under test. */
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import net from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import type { Address } from "../../model/address.js";
import type { Bench } from "./bench.js";

/** How the other side ended: FIN, RST, or not at all before we closed. */
export type Ending = "fin" | "reset";

/** A socket that records what arrives. It keeps its own direction open until told otherwise. */
export class Peer {
  readonly socket: net.Socket;
  text = "";
  size = 0;
  readonly #hash = createHash("sha256");
  readonly #ended: Promise<Ending>;
  #changed: () => void = () => {};

  constructor(socket: net.Socket) {
    this.socket = socket;
    socket.on("data", (chunk: Buffer) => {
      if (this.size < 4096) this.text += chunk.toString("latin1");
      this.size += chunk.length;
      this.#hash.update(chunk);
      this.#changed();
    });
    this.#ended = new Promise((resolve) => {
      socket.on("end", () => resolve("fin"));
      socket.on("error", () => resolve("reset"));
      socket.on("close", () => resolve("reset"));
    });
  }

  /** Resolves when at least `size` bytes came; rejects when the other side ended before. */
  async received(size: number): Promise<string> {
    while (this.size < size) {
      const change = new Promise<void>((resolve) => {
        this.#changed = resolve;
      });
      const ending = await Promise.race([change, this.#ended]);
      if (ending !== undefined && this.size < size) throw new Error(`ended by ${ending} after ${this.size} bytes`);
    }
    return this.text;
  }

  /** How the other side ended its direction. */
  ending(): Promise<Ending> {
    return this.#ended;
  }

  /** SHA-256 of everything received; final. */
  digest(): string {
    return this.#hash.digest("hex");
  }

  /** Writes all of `data`, in pieces of the given sizes, as fast as the other side reads. */
  async write(data: Buffer, pieces: () => number): Promise<void> {
    for (let at = 0; at < data.length; ) {
      const to = at + pieces();
      if (!this.socket.write(data.subarray(at, to))) await once(this.socket, "drain");
      at = to;
    }
  }
}

/** Connects to the engine. */
export async function dial(bench: Bench, to: Address): Promise<Peer> {
  const target = to.family === "unix" ? { path: to.path } : { host: to.host, port: to.port };
  const socket = bench.own(net.connect({ ...target, allowHalfOpen: true, noDelay: true }));
  const peer = new Peer(socket);
  await once(socket, "connect");
  return peer;
}

export interface PeerServer {
  readonly address: Address;
  /** The next connection that came and was not taken yet. */
  next(): Promise<Peer>;
  close(): void;
}

/** Something for the engine to connect to. */
export async function serve(bench: Bench, at: Address = LOOPBACK): Promise<PeerServer> {
  const server = bench.own(net.createServer({ allowHalfOpen: true, noDelay: true }));
  const arrived: Peer[] = [];
  const waiting: ((peer: Peer) => void)[] = [];
  server.on("connection", (socket) => {
    const peer = new Peer(bench.own(socket));
    const taker = waiting.shift();
    if (taker === undefined) arrived.push(peer);
    else taker(peer);
  });
  server.listen(at.family === "unix" ? { path: at.path } : { host: at.host, port: at.port });
  await once(server, "listening");
  const bound = server.address();
  return {
    address: at.family === "unix" || typeof bound !== "object" || bound === null ? at : { ...at, port: bound.port },
    next: async () => arrived.shift() ?? new Promise((resolve) => waiting.push(resolve)),
    close: () => server.close(),
  };
}

export const LOOPBACK: Address = { family: "ip4", host: "127.0.0.1", port: 0 };
export const LOOPBACK6: Address = { family: "ip6", host: "::1", port: 0 };

/** An address for a unix socket in a folder that goes away with the test. */
export function unixAddress(t: TestContext): Address & { path: string } {
  const folder = mkdtempSync(join(tmpdir(), "plimsoll-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return { family: "unix", path: join(folder, "socket") };
}
