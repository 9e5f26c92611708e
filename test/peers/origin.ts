/** An application on node:http behind the proxy: sends bodies of any size, and says what it received. */
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { TestContext } from "node:test";

/** What `/echo` answers. */
export interface Echo {
  readonly method: string;
  readonly url: string;
  readonly version: string;
  readonly headers: Record<string, string>;
  readonly trailers: Record<string, string>;
  readonly bytes: number;
  readonly sha256: string;
}

export interface Origin {
  readonly server: Server;
  readonly port: number;
  /** What `/bytes` and `/chunked` send from its beginning. */
  readonly content: Buffer;
  /** Connections accepted so far. */
  readonly connections: () => number;
}

export function sha256(bytes: Buffer): string {
  return createHash("sha256").update(bytes).digest("hex");
}

export async function startOrigin(t: TestContext, content = randomBytes(1 << 20)): Promise<Origin> {
  const server = createServer((request, response) => answer(content, request, response));
  let connections = 0;
  server.on("connection", () => connections++);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return { server, port, content, connections: () => connections };
}

function answer(content: Buffer, request: IncomingMessage, response: ServerResponse): void {
  const [, kind, count] = (request.url ?? "").split("/");
  const body = content.subarray(0, Number(count ?? 0));
  if (kind === "bytes") sendBytes(body, request, response);
  else if (kind === "chunked") void sendChunked(body, request, response);
  else void echo(request, response);
}

function sendBytes(body: Buffer, request: IncomingMessage, response: ServerResponse): void {
  const range = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? "");
  if (range === null) {
    response.writeHead(200, { "content-length": body.length });
    response.end(body);
    return;
  }
  const [from, to] = [Number(range[1]), Number(range[2])];
  response.writeHead(206, { "content-range": `bytes ${from}-${to}/${body.length}`, "content-length": to - from + 1 });
  response.end(body.subarray(from, to + 1));
}

async function sendChunked(body: Buffer, request: IncomingMessage, response: ServerResponse): Promise<void> {
  request.resume();
  response.writeHead(200, { trailer: "x-sum" });
  for (let at = 0; at < body.length; at += 7919) {
    if (!response.write(body.subarray(at, at + 7919))) await once(response, "drain");
  }
  response.addTrailers({ "x-sum": sha256(body) });
  response.end();
}

async function echo(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const hash = createHash("sha256");
  let bytes = 0;
  for await (const chunk of request) {
    hash.update(chunk);
    bytes += chunk.length;
  }
  const text = JSON.stringify({
    method: request.method,
    url: request.url,
    version: request.httpVersion,
    headers: request.headers,
    trailers: request.trailers,
    bytes,
    sha256: hash.digest("hex"),
  });
  response.writeHead(200, { "content-type": "application/json" });
  response.end(text);
}
