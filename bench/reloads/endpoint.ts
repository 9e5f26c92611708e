/** An endpoint with what a reload must not disturb: short answers, downloads that last, and WebSockets. */
import { once } from "node:events";
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { WebSocketServer } from "ws";

/** A download is this many pieces of this size, one at a time. */
const PIECE = Buffer.alloc(16_384, "x");
export const DOWNLOAD_BYTES_A_SECOND = PIECE.length * 20;

export class ReloadEndpoint {
  readonly #server: Server;
  readonly #sockets: WebSocketServer;
  readonly #timers = new Set<NodeJS.Timeout>();

  private constructor(server: Server) {
    this.#server = server;
    this.#sockets = new WebSocketServer({ server });
    this.#sockets.on("connection", (socket) => {
      socket.on("message", (message, isBinary) => socket.send(message, { binary: isBinary }));
    });
    server.keepAliveTimeout = 30_000;
    server.on("request", (request, response) => {
      const [, seconds] = /^\/download\/(\d+)$/.exec(request.url!) ?? [];
      if (seconds === undefined) response.end("an answer of some seventy bytes, which is what small responses have\n");
      else this.#download(Number(seconds), response);
    });
  }

  static async start(): Promise<ReloadEndpoint> {
    const endpoint = new ReloadEndpoint(createServer());
    endpoint.#server.listen(0, "127.0.0.1");
    await once(endpoint.#server, "listening");
    return endpoint;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  close(): void {
    for (const timer of this.#timers) clearInterval(timer);
    for (const socket of this.#sockets.clients) socket.terminate();
    this.#server.close();
    this.#server.closeAllConnections();
  }

  #download(seconds: number, response: ServerResponse): void {
    const bytes = seconds * DOWNLOAD_BYTES_A_SECOND;
    response.writeHead(200, { "content-length": bytes });
    let left = bytes / PIECE.length;
    const timer = setInterval(() => {
      response.write(PIECE);
      if (--left > 0) return;
      clearInterval(timer);
      this.#timers.delete(timer);
      response.end();
    }, 1000 / 20);
    this.#timers.add(timer);
  }
}
