/**
 * The admin server: a few pages on the main thread, for operators, probes and scrapers, and changes of endpoints. Not for the
 * public: bind it to loopback, a private address or a unix socket.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { LbError } from "../base/errors.js";
import { type Address, formatAddress } from "../model/address.js";
import { answerEndpoint, type EndpointsOptions, parseEndpointPath } from "./endpoints.js";
import { isAllowedHost } from "./host-guard.js";
import { type Answer, answerPage, text } from "./pages.js";
import type { AdminSource } from "./source.js";
import { clearStaleSocket } from "./stale-socket.js";

export interface AdminServer {
  /** The bound address: the real port where 0 was asked for. */
  readonly address: Address;
  /** Closes the port and all connections. */
  close(): Promise<void>;
}

export interface AdminOptions extends EndpointsOptions {
  readonly source: AdminSource;
  /** A page that could not be made: the client got a 500, the operator's log should get the error. */
  readonly onError: (error: unknown) => void;
}

const LIMITS = {
  /** More than any set of scrapers and people; an abuser does not get the process's descriptors. */
  connections: 128,
  headerBytes: 16_384,
  requestMs: 10_000,
  keepAliveMs: 60_000,
  /** A client that stops reading its page. */
  idleMs: 30_000,
} as const;

/** Throws LbError CONFIG_INVALID naming the address where it cannot be bound. */
export async function startAdmin(options: AdminOptions): Promise<AdminServer> {
  const { address } = options;
  const server = createServer(
    {
      maxHeaderSize: LIMITS.headerBytes,
      headersTimeout: LIMITS.requestMs,
      requestTimeout: LIMITS.requestMs,
      keepAliveTimeout: LIMITS.keepAliveMs,
    },
    (request, response) => {
      void respond(options, request, response);
    },
  );
  server.maxConnections = LIMITS.connections;
  server.setTimeout(LIMITS.idleMs);
  try {
    await listen(server, address);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new LbError("CONFIG_INVALID", `admin cannot listen on ${formatAddress(address)}: ${reason}`, { cause });
  }
  return {
    address: address.family === "unix" ? address : { ...address, port: (server.address() as AddressInfo).port },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function listen(server: Server, address: Address): Promise<void> {
  if (address.family === "unix") await clearStaleSocket(address.path);
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    const bound = (): void => {
      server.off("error", reject);
      resolve();
    };
    if (address.family === "unix") server.listen(address.path, bound);
    else server.listen({ host: address.host, port: address.port, ipv6Only: address.family === "ip6" }, bound);
  });
}

async function respond(options: AdminOptions, request: IncomingMessage, response: ServerResponse): Promise<void> {
  let answer: Answer;
  try {
    answer = await answerTo(options, request);
  } catch (error) {
    options.onError(error);
    answer = text(500, "this page could not be made\n");
  }
  response.writeHead(answer.status, {
    "content-type": answer.type,
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    "content-security-policy": "default-src 'none'",
    ...(answer.allow === undefined ? {} : { allow: answer.allow }),
    ...(answer.status === 401 ? { "www-authenticate": "Bearer" } : {}),
    // What is left of its body is not read.
    ...(answer.status === 413 ? { connection: "close" } : {}),
  });
  try {
    // Not even computed for HEAD, where it would be thrown away.
    await pipeline(Readable.from(request.method === "HEAD" ? [] : answer.body), response);
  } catch (error) {
    if (!CLIENT_LEFT.has((error as NodeJS.ErrnoException).code ?? "")) options.onError(error);
  }
}

const CLIENT_LEFT: ReadonlySet<string> = new Set(["ERR_STREAM_PREMATURE_CLOSE", "ECONNRESET", "EPIPE"]);

function answerTo(options: AdminOptions, request: IncomingMessage): Answer | Promise<Answer> {
  const { address, source } = options;
  // A browser cannot reach a unix socket, whatever a page's name resolves to.
  if (address.family !== "unix" && !isAllowedHost(request.headers.host)) {
    return text(403, "use an IP address or localhost: other names in Host are refused, against DNS rebinding\n");
  }
  const [path, query = ""] = request.url!.split(/\?(.*)/s, 2);
  const target = parseEndpointPath(path);
  if (target !== undefined) return answerEndpoint(options, target, request);
  if (request.method !== "GET" && request.method !== "HEAD") {
    return { ...text(405, "only GET and HEAD\n"), allow: "GET, HEAD" };
  }
  return answerPage(path, query, source);
}
