/** The engine's user in the contract suite: carries out commands, and reactions inside callbacks. */
import { LbError } from "../../base/errors.js";
import { Timer } from "../../base/timer-wheel.js";
import type { Conn, ConnHandler, Engine, Listening } from "../../engine/engine.js";
import type { Address } from "../../model/address.js";
import type { Action, Command, Moment, Report } from "./protocol.js";
import { PuppetConn } from "./puppet-conn.js";

export class Puppet {
  readonly engine: Engine;
  readonly reactions: Record<Moment, readonly Action[]> = {
    accept: [],
    open: [],
    data: [],
    drain: [],
    end: [],
    close: [],
  };
  /** How many calls into a connection are under way: no callback may come meanwhile. */
  busy = 0;
  readonly #report: (report: Report) => void;
  readonly #conns: PuppetConn[] = [];
  readonly #listenings: Listening[] = [];
  readonly #kept: number[] = [];
  #audible: ReadonlySet<Moment> = new Set<Moment>(["accept", "open", "data", "drain", "end", "close"]);

  constructor(engine: Engine, report: (report: Report) => void) {
    this.engine = engine;
    this.#report = report;
  }

  carryOut(command: Command): void {
    switch (command.do) {
      case "listen":
        this.#listen(command.at);
        break;
      case "unlisten":
        for (const listening of this.#listenings) listening.close();
        break;
      case "drop":
        for (const buffer of this.#kept.splice(0)) this.engine.memory.release(buffer);
        break;
      case "react":
        this.reactions[command.on] = command.actions;
        break;
      case "mute":
        this.#audible = new Set(command.except);
        break;
      case "spin":
        for (const until = performance.now() + command.ms; performance.now() < until; );
        break;
      case "timers":
        for (const afterMs of command.afterMs) this.#setTimer(afterMs);
        break;
      case "look":
        this.#look(this.#conns[command.conn ?? 0]?.conn);
        break;
      case "usage": {
        const { user, system } = process.cpuUsage();
        this.#report({ type: "used", cpuMs: (user + system) / 1000 });
        break;
      }
      case "stop":
        this.engine.stop();
        break;
      default:
        this.act(command, undefined);
        break;
    }
  }

  act(action: Action, self: PuppetConn | undefined): void {
    if (action.do === "connect") {
      this.#connect(action.to, action.timeoutMs);
      return;
    }
    const target = "conn" in action && action.conn !== undefined ? this.#conns[action.conn] : self;
    if (target === undefined) throw new Error(`no connection to ${action.do}`);
    switch (action.do) {
      case "send":
        target.send(action.text);
        break;
      case "fill":
        target.fill(action.bytes);
        break;
      case "relay":
        target.partner = this.#connect(action.to, 5000);
        target.partner.partner = target;
        break;
      case "echo":
      case "keep":
      case "pass":
      case "refuse":
        throw new Error(`${action.do} has no meaning here`);
      default:
        target.call(action.do);
        break;
    }
  }

  /** Runs a call into the engine during which no callback may come. */
  inside(call: () => void): void {
    this.busy++;
    call();
    this.busy--;
  }

  keep(buffer: number): void {
    this.engine.memory.retain(buffer);
    this.#kept.push(buffer);
  }

  moment(moment: Moment, report: Report): void {
    if (this.#audible.has(moment)) this.#report(report);
  }

  violation(text: string): void {
    this.#report({ type: "violation", text });
  }

  #listen(at: Address): void {
    try {
      const listening = this.engine.listen(at, (conn) => this.#accept(conn));
      this.#listenings.push(listening);
      this.#report({ type: "listening", address: listening.address });
    } catch (error) {
      if (!(error instanceof LbError)) throw error;
      this.#report({ type: "failed", name: error.name, code: error.code, message: error.message });
    }
  }

  #accept(conn: Conn): ConnHandler | undefined {
    const puppet = new PuppetConn(this, this.#conns.length, true);
    puppet.conn = conn;
    this.#conns.push(puppet);
    this.moment("accept", { type: "accept", conn: puppet.id });
    let handler: ConnHandler | undefined = puppet;
    for (const action of this.reactions.accept) {
      if (action.do === "refuse") handler = undefined;
      else this.act(action, puppet);
    }
    return handler;
  }

  #connect(to: Address, timeoutMs: number): PuppetConn {
    const puppet = new PuppetConn(this, this.#conns.length, false);
    this.#conns.push(puppet);
    this.inside(() => {
      puppet.conn = this.engine.connect(to, puppet, timeoutMs);
    });
    this.#report({ type: "connecting", conn: puppet.id });
    return puppet;
  }

  #setTimer(afterMs: number): void {
    // By the engine's own clock, which stands still within a turn.
    const set = this.engine.now();
    const timer = new Timer(() => this.#report({ type: "timer", afterMs, tookMs: this.engine.now() - set }));
    this.engine.timers.set(timer, set + afterMs);
  }

  #look(conn: Conn | undefined): void {
    const { stats, memory } = this.engine;
    this.#report({
      type: "looked",
      look: {
        stats: { ...stats },
        used: memory.used,
        unsent: conn?.unsent ?? 0,
        congested: conn?.congested ?? false,
        peer: conn?.peer,
        local: conn?.local,
      },
    });
  }
}
