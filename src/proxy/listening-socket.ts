/**
 * A bound address of one worker. What it feeds can change: an address that stays in the configuration keeps its socket, and
 * with it the clients that wait in its backlog, whichever listener it belongs to from now on. An address is bound before its
 * configuration is in force: clients that come in between wait for it.
 */
import { isDeepStrictEqual } from "node:util";
import type { CloseReason, Conn, ConnHandler, Engine, Listening } from "../engine/engine.js";
import type { Address } from "../model/address.js";
import type { ListenerSpec } from "../model/spec.js";

export interface Acceptor {
  accept(conn: Conn): ConnHandler | undefined;
}

export class ListeningSocket {
  #target: Acceptor | undefined = undefined;
  readonly #early = new Set<EarlyClient>();
  readonly #spec: ListenerSpec;
  readonly #listening: Listening;

  /** Throws LbError CONFIG_INVALID where the address cannot be bound. */
  constructor(engine: Engine, spec: ListenerSpec) {
    this.#spec = spec;
    this.#listening = engine.listen(spec.address, (conn) =>
      this.#target === undefined ? this.#keep(conn) : this.#target.accept(conn),
    );
  }

  /** Who is given new connections; until there is somebody they wait. */
  get target(): Acceptor | undefined {
    return this.#target;
  }

  set target(target: Acceptor) {
    this.#target = target;
    for (const { conn } of this.#early) {
      // First: who takes it may pause it again.
      conn.resume();
      const handler = target.accept(conn);
      if (handler === undefined) conn.reset();
      else conn.handler = handler;
    }
    this.#early.clear();
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
    this.#listening.close();
    for (const { conn } of this.#early) conn.reset();
    this.#early.clear();
  }

  #keep(conn: Conn): ConnHandler {
    conn.pause();
    const client = new EarlyClient(conn, this.#early);
    this.#early.add(client);
    return client;
  }
}

/** A client that came before there was anybody to serve it. Nothing is read of it, so only its end can be heard. */
class EarlyClient implements ConnHandler {
  readonly conn: Conn;
  readonly #waiting: Set<EarlyClient>;

  constructor(conn: Conn, waiting: Set<EarlyClient>) {
    this.conn = conn;
    this.#waiting = waiting;
  }

  onOpen(): void {}
  onData(): void {}
  onDrain(): void {}
  onEnd(): void {}

  onClose(_reason: CloseReason): void {
    this.#waiting.delete(this);
  }
}
