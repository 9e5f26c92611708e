/** Contract: whatever both sides do in whatever order, no rule is broken, no byte goes astray and nothing is left. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { createRandom, type Random } from "../../base/random.js";
import { Bench } from "./bench.js";
import { dial, type Peer, type PeerServer, serve } from "./peer.js";
import type { Action, Command, Moment } from "./protocol.js";
import type { EngineVariant } from "./variant.js";

const SEEDS = [11, 12, 13, 14];
const STEPS = 400;
const MOMENTS: readonly Moment[] = ["accept", "open", "data", "drain", "end", "close"];

class Chaos {
  readonly #bench: Bench;
  readonly #random: Random;
  readonly #upstream: PeerServer;
  /** Peers and the one letter that each sends. */
  readonly #peers: { readonly peer: Peer; readonly letter: string }[] = [];
  #conns = 0;

  constructor(bench: Bench, random: Random, upstream: PeerServer) {
    this.#bench = bench;
    this.#random = random;
    this.#upstream = upstream;
  }

  add(peer: Peer): void {
    this.#peers.push({ peer, letter: String.fromCharCode(33 + (this.#peers.length % 90)) });
  }

  #pick<T>(from: readonly T[]): T {
    return from[this.#random.below(from.length)];
  }

  #size(): number {
    return 1 + this.#random.below(this.#pick([20, 2000, 200_000]));
  }

  actOnPeer(): void {
    const { peer, letter } = this.#pick(this.#peers);
    const { socket } = peer;
    const way = this.#random.below(12);
    if (way < 6) socket.write(letter.repeat(this.#size()));
    else if (way === 6) socket.pause();
    else if (way === 7) socket.resume();
    else if (way === 8) socket.end();
    else if (way === 9) socket.destroy();
    // Reset after end leaks the descriptor, in libuv's way of things.
    else if (way === 10 && !socket.writableEnded) socket.resetAndDestroy();
    else socket.resume();
  }

  #action(conn?: number): Action {
    const target = conn === undefined ? {} : { conn };
    const way = this.#random.below(12);
    if (way < 2) return { do: "send", text: "~".repeat(1 + this.#random.below(9000)), ...target };
    if (way < 4) return { do: "fill", bytes: this.#size(), ...target };
    const calls = ["pause", "resume", "resume", "end", "finish", "destroy", "reset", "pause"] as const;
    return { do: calls[way - 4], ...target };
  }

  /** Counts connections that the engine has told of. */
  #count(): void {
    for (const type of ["accept", "connecting"] as const) {
      for (; this.#bench.has(type); this.#conns++) this.#bench.drop(type);
    }
  }

  command(): Command {
    this.#count();
    const way = this.#random.below(10);
    if (way < 6) return this.#action(this.#random.below(this.#conns));
    if (way === 6) return { do: "connect", to: this.#upstream.address, timeoutMs: this.#pick([1, 50, 5000]) };
    const on = this.#pick(MOMENTS);
    if (way === 7) return { do: "react", on, actions: [] };
    const echo: Action = { do: "echo", seed: this.#random.next() };
    if (on === "data" && way === 8) return { do: "react", on, actions: [echo] };
    const other = this.#random.below(3) === 0 ? this.#random.below(this.#conns) : undefined;
    return { do: "react", on, actions: [this.#action(other)] };
  }

  /** Connections hear one letter only: their own peer's. */
  checkLetters(): void {
    const letters = new Map<number, string>();
    while (this.#bench.has("data")) {
      const { conn, text } = this.#bench.drop("data");
      const letter = letters.get(conn) ?? text[0];
      letters.set(conn, letter);
      assert.equal(text, letter.repeat(text.length), `connection ${conn} hears another's bytes`);
    }
  }
}

export function chaosContract(kind: EngineVariant): void {
  for (const seed of SEEDS) {
    test(`${kind}: stands ${STEPS} random steps on both sides (seed ${seed})`, async (t) => {
      const random = createRandom(seed);
      const bench = await Bench.start(t, kind, { buffers: 2048, highWaterBytes: 65_536, lowWaterBytes: 16_384 });
      const upstream = await serve(bench);
      const address = await bench.listen();
      const chaos = new Chaos(bench, random, upstream);
      for (let i = 0; i < 10; i++) chaos.add(await dial(bench, address));
      while ((await bench.look()).stats.accepted < 10);
      for (let step = 0; step < STEPS; step++) {
        if (step % 20 === 0) {
          await bench.react("accept");
          chaos.add(await dial(bench, address));
        }
        if (random.below(2) === 0) chaos.actOnPeer();
        else bench.tell(chaos.command());
        if (step % 10 === 0) await bench.look();
      }
      chaos.checkLetters();
      for (const on of MOMENTS) await bench.react(on);
      const late = await dial(bench, address);
      late.socket.write("alive");
      const look = await bench.look();
      assert.ok(look.stats.open > 0);
    });
  }
}
