/** One listening socket of the node engine. */
import dns from "node:dns";
import net from "node:net";
import { LbError } from "../../base/errors.js";
import { type Address, formatAddress } from "../../model/address.js";
import type { EngineOptions, Listening } from "../engine.js";

export class NodeListening implements Listening {
  readonly address: Address;
  readonly #server: net.Server;

  /**
   * Throws LbError CONFIG_INVALID when `at` cannot be bound.
   * @param onSocket gets a socket that does not read yet
   */
  constructor(at: Address, options: EngineOptions, onSocket: (socket: net.Socket) => void, onError: () => void) {
    this.#server = net.createServer(
      { allowHalfOpen: true, noDelay: true, keepAlive: true, pauseOnConnect: true },
      onSocket,
    );
    this.#server.on("error", onError);
    if (at.family === "unix") this.#server.listen({ path: at.path, backlog: options.backlog });
    else listenAtOnce(this.#server, at, options);
    const bound = this.#server.address();
    if (!this.#server.listening || bound === null) {
      throw new LbError("CONFIG_INVALID", `cannot listen on ${formatAddress(at)}: it is in use or not permitted`);
    }
    this.address = at.family === "unix" || typeof bound === "string" ? at : { ...at, port: bound.port };
  }

  close(): void {
    this.#server.close();
  }
}

/**
 * `Server.listen` looks every host up, IP addresses too, and so binds in a later turn: too late to throw. Answering that
 * one lookup in place makes it bind within the call.
 */
function listenAtOnce(server: net.Server, at: Exclude<Address, { family: "unix" }>, options: EngineOptions): void {
  const lookup = dns.lookup;
  const family = at.family === "ip6" ? 6 : 4;
  const answer = (host: string, ...rest: unknown[]): void => {
    const done = rest.at(-1) as (...result: unknown[]) => void;
    if (rest.length > 1) done(null, [{ address: host, family }]);
    else done(null, host, family);
  };
  dns.lookup = answer as unknown as typeof dns.lookup;
  try {
    const reuse = options.reusePort && REUSE_PORT ? { reusePort: true } : {};
    server.listen({
      ...reuse,
      host: at.host,
      port: at.port,
      backlog: options.backlog,
      ipv6Only: family === 6,
      exclusive: true,
    });
  } finally {
    dns.lookup = lookup;
  }
}

/** `listen({ reusePort })` came with Node 22.12 and 23.1; older ones cannot share a port between threads. */
const [major, minor] = process.versions.node.split(".").map(Number);
export const REUSE_PORT =
  process.platform === "linux" && (major > 23 || (major === 23 && minor >= 1) || (major === 22 && minor >= 12));
