/** TCP clients and endpoints that record what they see: bytes, FIN or RST, and who was connected. */
import { createHash } from "node:crypto";
import { once } from "node:events";
import net from "node:net";
import type { TestContext } from "node:test";
import { until, within } from "./until.js";

export type Ending = "fin" | "reset";

/** One connection as its owner sees it. Its own direction stays open until told otherwise. */
export class Line {
  readonly socket: net.Socket;
  text = "";
  size = 0;
  ending: Ending | undefined = undefined;
  /** The socket is closed, both directions. */
  closed = false;
  readonly #hash = createHash("sha256");

  constructor(socket: net.Socket) {
    this.socket = socket;
    socket.on("data", (chunk: Buffer) => {
      if (this.size < 65_536) this.text += chunk.toString("latin1");
      this.size += chunk.length;
      this.#hash.update(chunk);
    });
    socket.on("end", () => {
      this.ending ??= "fin";
    });
    socket.on("error", () => {
      this.ending = "reset";
    });
    socket.on("close", () => {
      this.closed = true;
      this.ending ??= "reset";
    });
  }

  received(size: number): Promise<unknown> {
    return until(`${size} bytes`, () => this.size >= size);
  }

  /** How the other side ended its direction. */
  ended(ms = 5000): Promise<Ending> {
    return until("the end of the connection", () => this.ending, ms);
  }

  gone(): Promise<unknown> {
    return until("the close of the connection", () => this.closed);
  }

  /** Of everything received; final. */
  digest(): string {
    return this.#hash.digest("hex");
  }
}

export class Endpoint {
  readonly server: net.Server;
  readonly lines: Line[] = [];
  accepted = 0;

  constructor(server: net.Server) {
    this.server = server;
  }

  get port(): number {
    return (this.server.address() as net.AddressInfo).port;
  }

  /** Resolves with connection number `index`, counted from 0. */
  line(index = 0): Promise<Line> {
    return until(`connection ${index} at the endpoint`, () => this.lines[index]);
  }

  get open(): number {
    return this.lines.filter((line) => !line.closed).length;
  }
}

/** An endpoint that calls `serve` for each connection. */
export async function startEndpoint(t: TestContext, serve: (line: Line) => void = () => {}): Promise<Endpoint> {
  const server = net.createServer({ allowHalfOpen: true }, (socket) => {
    const line = new Line(socket);
    endpoint.accepted++;
    endpoint.lines.push(line);
    serve(line);
  });
  const endpoint = new Endpoint(server);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => stopEndpoint(endpoint));
  return endpoint;
}

export async function stopEndpoint(endpoint: Endpoint): Promise<void> {
  if (!endpoint.server.listening) return;
  const closed = once(endpoint.server, "close");
  endpoint.server.close();
  for (const line of endpoint.lines) line.socket.destroy();
  await closed;
}

/** Sends back what comes, and FIN after FIN. */
export function echo({ socket }: Line): void {
  socket.pipe(socket);
}

/** Says its name, then keeps the connection. */
export function greet(name: string): (line: Line) => void {
  return ({ socket }) => void socket.write(name);
}

/** Resolves once connected; also where the other side has reset the connection by then. */
export async function dial(t: TestContext, port: number, options: Partial<net.TcpNetConnectOpts> = {}): Promise<Line> {
  const socket = net.connect({ host: "127.0.0.1", port, allowHalfOpen: true, ...options });
  const line = new Line(socket);
  t.after(() => socket.destroy());
  const connected = once(socket, "connect").catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "ECONNRESET") throw error;
  });
  await within("connecting", connected);
  return line;
}

let lastDead = 0;

/** A port on which nothing listens: one of the lowest, which the system gives to nobody, unlike one that was free just now. */
export function deadPort(): number {
  lastDead = (lastDead % 6) + 1;
  return lastDead;
}

/** A port whose accept queue is full, so that no SYN is answered: connecting there hangs. Linux only. */
export async function silentPort(t: TestContext): Promise<number> {
  const { bindSocket } = await import("../../../src/engine/native/sockets.js");
  const { close } = await import("../../../src/engine/native/libc.js");
  const { fd, address } = bindSocket({ family: "ip4", host: "127.0.0.1", port: 0 }, 0, false, 0);
  const { port } = address as { port: number };
  // A queue of length 0 holds one connection that nobody accepts.
  const filler = net.connect(port, "127.0.0.1").on("error", () => {});
  await once(filler, "connect");
  t.after(() => {
    filler.destroy();
    close(fd);
  });
  return port;
}
