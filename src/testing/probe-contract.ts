/** What every kind of check promises, whatever it asks: one verdict, in time, with a reason, and nothing left behind. */
import assert from "node:assert/strict";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { after, describe, test } from "node:test";
import type { Clock } from "../base/clock.js";
import { createClock } from "../base/clock.js";
import type { Probe } from "../health/io/probe.js";
import type { Verdict } from "../health/standing.js";
import type { Address } from "../model/address.js";
import type { CheckSpec } from "../model/spec.js";
import { FakeClock } from "./fake-clock.js";

export interface ProbeCase {
  readonly name: string;
  readonly check: CheckSpec;
  /** What a healthy server answers, Latin-1; undefined = accepting the connection is enough. */
  readonly answer: string | undefined;
}

/** Longer than any test takes: what must not happen is awaited for less. */
const LONG_MS = 60_000;

export function probeContract(create: (clock: Clock) => Probe, { name, check, answer }: ProbeCase): void {
  const servers: Server[] = [];
  const sockets = new Set<Socket>();
  after(() => {
    for (const socket of sockets) socket.destroy();
    for (const server of servers) server.close();
  });

  /** A server that does `serve` once the client has connected. Agents and greetings are not asked. */
  async function listen(serve: (socket: Socket) => void): Promise<Address> {
    const server = createServer((socket) => {
      sockets.add(socket);
      socket.on("close", () => sockets.delete(socket)).on("error", () => {});
      socket.resume();
      serve(socket);
    });
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return { family: "ip4", host: "127.0.0.1", port: (server.address() as AddressInfo).port };
  }

  const run = (address: Address, clock: Clock = createClock()): Promise<Verdict> =>
    new Promise((resolve) => create(clock)(address, check, LONG_MS, resolve));

  /** An answer is of no use to a check that does not read one. */
  const needsAnswer = answer === undefined ? `${name} reads no answer` : false;

  describe(`a check of ${name}`, () => {
    test("passes once, later, where the answer is good", async () => {
      const address = await listen((socket) => socket.end(answer ?? "", "latin1"));
      const verdicts: Verdict[] = [];
      await new Promise<void>((resolve) => {
        create(createClock())(address, check, LONG_MS, (verdict) => {
          verdicts.push(verdict);
          resolve();
        });
        assert.equal(verdicts.length, 0, "nobody is called back before the call returns");
      });
      await new Promise((resolve) => setImmediate(resolve));
      assert.deepEqual(
        verdicts.map(({ ok }) => ok),
        [true],
      );
      assert.ok(verdicts[0].reason !== "" && verdicts[0].latencyMs >= 0);
    });

    test("passes where the answer comes byte by byte", { skip: needsAnswer }, async () => {
      const address = await listen((socket) => {
        socket.setNoDelay(true);
        let at = 0;
        const next = (): void => {
          if (socket.destroyed) return;
          if (at === answer!.length) socket.end();
          else socket.write(answer![at++], "latin1", () => setImmediate(next));
        };
        next();
      });
      assert.equal((await run(address)).ok, true);
    });

    test("fails where nobody listens", async () => {
      const address = await listen(() => {});
      await new Promise((resolve) => servers.at(-1)!.close(resolve));
      const { ok, reason } = await run(address);
      assert.deepEqual([ok, reason], [false, "connect refused"]);
    });

    test("fails where the connection is reset instead of answered", { skip: needsAnswer }, async () => {
      const { ok, reason } = await run(await listen((socket) => socket.resetAndDestroy()));
      assert.deepEqual([ok, reason], [false, "connection reset"]);
    });

    test("fails where the connection ends without an answer", { skip: needsAnswer }, async () => {
      const { ok, reason } = await run(await listen((socket) => socket.end()));
      assert.equal(ok, false);
      assert.match(reason, /^(closed without|said nothing)/);
    });

    test("fails where the answer has no end, and closes the connection", { skip: needsAnswer }, async () => {
      let closed: Promise<void> | undefined;
      const address = await listen((socket) => {
        closed = new Promise((resolve) => socket.on("close", () => resolve()));
        const more = (): void => {
          while (!socket.destroyed && socket.write("x".repeat(4096)));
        };
        socket.on("drain", more);
        more();
      });
      assert.equal((await run(address)).ok, false);
      await closed;
    });

    test("fails when its time is up, and leaves no timer", { skip: needsAnswer }, async () => {
      const clock = new FakeClock();
      const address = await listen(() => clock.advance(LONG_MS));
      const { ok, reason, latencyMs } = await run(address, clock);
      assert.equal(ok, false);
      assert.match(reason, /^timed out after 60000 ms/);
      assert.equal(latencyMs, LONG_MS);
      assert.equal(clock.pending, 0);
    });

    test("says nothing once it is cancelled, and leaves no connection and no timer", async () => {
      const clock = new FakeClock();
      let cancel = (): void => {};
      const closed = new Promise<void>((resolve) => {
        void listen((socket) => {
          socket.on("close", () => resolve());
          cancel();
        }).then((address) => {
          cancel = create(clock)(address, { ...check }, LONG_MS, ({ reason }) => {
            // A check that only connects may be through before the server has accepted.
            if (answer !== undefined) assert.fail(`a verdict came: ${reason}`);
          });
        });
      });
      await closed;
      assert.equal(clock.pending, 0);
    });
  });
}
