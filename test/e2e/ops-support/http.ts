/** HTTP endpoints that tests can break, and a bounded load that counts every request that was not answered as it should. */
import { once } from "node:events";
import http from "node:http";
import type { AddressInfo, Socket } from "node:net";
import type { TestContext } from "node:test";

export class HttpEndpoint {
  readonly server: http.Server;
  requests = 0;
  /** What it answers. */
  status = 200;
  body: string;

  readonly #sockets = new Set<Socket>();

  constructor(server: http.Server, name: string) {
    this.server = server;
    this.body = name;
    server.on("connection", (socket: Socket) => {
      this.#sockets.add(socket);
      socket.on("close", () => this.#sockets.delete(socket));
    });
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  close(): Promise<unknown> {
    const closed = once(this.server, "close");
    this.server.close();
    // The server itself knows no connection that was upgraded.
    for (const socket of this.#sockets) socket.destroy();
    return closed;
  }
}

export type Handler = (request: http.IncomingMessage, response: http.ServerResponse) => void;

/** Answers with its name, or as `handle` does. */
export async function startHttp(t: TestContext, name: string, handle?: Handler, port = 0): Promise<HttpEndpoint> {
  const server = http.createServer((request, response) => {
    if (request.url !== "/health") endpoint.requests++;
    if (handle !== undefined && request.url !== "/health") return handle(request, response);
    response.statusCode = endpoint.status;
    response.end(endpoint.body);
  });
  // The proxy lets go first, as it would of a well configured service.
  server.keepAliveTimeout = 30_000;
  const endpoint = new HttpEndpoint(server, name);
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  t.after(() => (server.listening ? endpoint.close() : undefined));
  return endpoint;
}

export interface Reply {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly trailers: NodeJS.Dict<string>;
  readonly body: string;
}

/** One request; rejects where it is not answered whole. */
export function request(port: number, options: http.RequestOptions = {}): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const outgoing = http.request({ host: "127.0.0.1", port, agent: false, ...options }, (response) => {
      let body = "";
      response.setEncoding("latin1");
      response.on("data", (text: string) => {
        body += text;
      });
      response.on("error", reject);
      response.on("end", () => {
        const { headers, trailers } = response;
        resolve({ status: response.statusCode!, headers, trailers, body });
      });
    });
    outgoing.on("error", reject).end();
  });
}

export class Load {
  answered = 0;
  readonly byBody = new Map<string, number>();
  readonly failures: string[] = [];
  readonly #agent: http.Agent;
  readonly #runners: Promise<void>[];
  #stopped = false;

  /** `clients` keep-alive connections that ask again as soon as they are answered. */
  constructor(port: number, clients: number) {
    this.#agent = new http.Agent({ keepAlive: true, maxSockets: clients });
    this.#runners = Array.from({ length: clients }, () => this.#run(port));
  }

  async #run(port: number): Promise<void> {
    while (!this.#stopped) {
      try {
        const { status, body } = await request(port, { agent: this.#agent });
        if (status !== 200) this.failures.push(`${status} ${body.slice(0, 200)}`);
        else this.answered++;
        this.byBody.set(body, (this.byBody.get(body) ?? 0) + 1);
      } catch (error) {
        this.failures.push(String(error));
      }
    }
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#runners);
    this.#agent.destroy();
  }
}
