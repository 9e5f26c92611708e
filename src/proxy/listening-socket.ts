/**
 * A bound address of one worker. What it feeds can change: an address that stays in the configuration keeps its socket, and
 * with it the clients that wait in its backlog, whichever listener it belongs to from now on.
 */
import { isDeepStrictEqual } from "node:util";
import type { Conn, ConnHandler, Engine, Listening } from "../engine/engine.js";
import type { Address } from "../model/address.js";
import type { ListenerSpec } from "../model/spec.js";

export interface Acceptor {
  accept(conn: Conn): ConnHandler | undefined;
}

export class ListeningSocket {
  /** Who is given new connections; until there is somebody they are refused. */
  target: Acceptor | undefined = undefined;
  readonly #spec: ListenerSpec;
  readonly #listening: Listening;

  /** Throws LbError CONFIG_INVALID where the address cannot be bound. */
  constructor(engine: Engine, spec: ListenerSpec) {
    this.#spec = spec;
    this.#listening = engine.listen(spec.address, (conn) => this.target?.accept(conn));
  }

  /** As bound: with the real port where 0 was asked for. */
  get address(): Address {
    return this.#listening.address;
  }

  /** True if `spec` asks for this address. Where it leaves the port to the system, its own listener's port is meant. */
  serves(spec: ListenerSpec): boolean {
    if (isDeepStrictEqual(spec.address, this.address)) return true;
    return spec.name === this.#spec.name && isDeepStrictEqual(spec.address, this.#spec.address);
  }

  close(): void {
    this.target = undefined;
    this.#listening.close();
  }
}
