/** Mirroring: the copy is the request, and whatever becomes of it, the original does not notice. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { until } from "./ops-support/until.js";
import { type Message, readMessage, status, values } from "./support/message.js";
import { useStage } from "./support/stage.js";
import { answering, OK } from "./support/witness.js";

const get = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`;
const COUNTERS = ["answered", "dropped", "failed"] as const;

for (const engine of ["epoll", "io_uring"] as const) {
  describe(`mirroring on ${engine}`, () => {
    const stage = useStage(engine, {
      endpoints: 2,
      listener: `
routes:
  - match: { path: /refused }
    cluster: c
    mirror: { cluster: gone }
  - match: { path: /one }
    cluster: c
    mirror: { cluster: shadow, max: 1 }
  - match: { path: /big }
    cluster: c
    timeouts: { responseHeader: 20s }
    mirror: { cluster: shadow }
  - match: { path: /half }
    cluster: c
    mirror: { cluster: shadow, percent: 50% }
  - cluster: c
    requestHeaders: { set: { X-Both: "1" } }
    timeouts: { responseHeader: 2s }
    mirror: { cluster: shadow }`,
      cluster: "endpoints: [127.0.0.1:{p0}]",
      more: `
shadow: { endpoints: [127.0.0.1:{p1}], pool: { idle: 1h }, outlier: { consecutiveFailures: 0 } }
gone: { endpoints: [127.0.0.1:1] }`,
    });
    const count = async (): Promise<number[]> => {
      return Promise.all(COUNTERS.map((name) => stage.metric(`plimsoll_cluster_mirror_${name}_total`)));
    };
    /** What the counters have risen by since `before`, once something has. */
    const risen = (before: number[]): Promise<number[]> =>
      until("a copy is counted", async () => {
        const rise = (await count()).map((value, index) => value - before[index]);
        return rise.some((one) => one > 0) && rise;
      });
    /** The first request at the original's and at the mirror's endpoint. */
    const both = async (): Promise<[Message, Message]> => {
      const wires = await Promise.all(stage.witnesses.map((witness) => witness.connection()));
      const [original, copy] = wires.map((wire) => wire.until("a request", () => readMessage(wire.received)));
      return Promise.all([original, copy]);
    };
    /** Answers nothing. */
    const recording = async (): Promise<void> => {};

    test("the copy has the same head, marked, and the same body", async () => {
      for (const witness of stage.witnesses) witness.script = recording;
      const client = await stage.ask("POST /a?b HTTP/1.1\r\nHost: a\r\nX-Y: z\r\nContent-Length: 6\r\n\r\nabc");
      client.send("def");
      const [original, copy] = await both();
      assert.equal(copy.startLine, original.startLine);
      assert.equal(copy.body, "abcdef");
      const mark = ["x-plimsoll-mirror", "1"];
      assert.deepEqual(
        copy.fields.filter(([name]) => name !== mark[0]),
        original.fields,
      );
      assert.deepEqual(values(copy, mark[0]), [mark[1]]);
      assert.deepEqual(values(original, mark[0]), []);
      assert.deepEqual(values(copy, "x-both"), ["1"]);
    });

    test("a chunked body comes chunk by chunk, with its trailers", async () => {
      for (const witness of stage.witnesses) witness.script = recording;
      const client = await stage.ask("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
      await client.sendApart("2\r\nd", "e\r\n", "0\r\nX-Sum: 5\r\n\r\n");
      const [original, copy] = await both();
      assert.equal(original.body, "abcde");
      assert.deepEqual([copy.body, copy.chunks, copy.trailers], [original.body, original.chunks, original.trailers]);
    });

    test("half a megabyte arrives whole at both, and the client hears the original's answer only", async () => {
      const body = Array.from({ length: 1 << 15 }, (_, i) => `${i}`.padStart(16, ".")).join("");
      stage.witnesses[1].script = answering(
        "HTTP/1.1 500 Shadow\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nbad\r\n0\r\n\r\n",
      );
      const before = await count();
      const client = await stage.ask(`PUT /large HTTP/1.1\r\nHost: a\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
      const response = await client.response();
      assert.deepEqual([status(response), response.body], [200, "ok"]);
      const [original, copy] = await both();
      assert.ok(original.body === body);
      assert.ok(copy.body === body);
      assert.deepEqual(await risen(before), [1, 0, 0]);
      const line = await stage.logged(({ target }) => target === "/large");
      assert.deepEqual([line.status, line.cluster, line.tries.length], [200, "c", 1]);
    });

    test("an endpoint of the mirror that takes nothing holds nobody up", async () => {
      stage.witnesses[1].script = (wire) => {
        wire.socket.pause();
      };
      const before = await count();
      const body = "x".repeat(8 << 20);
      const client = await stage.ask(`PUT /big HTTP/1.1\r\nHost: a\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
      assert.equal(status(await client.response()), 200);
      assert.deepEqual(await risen(before), [0, 1, 0]);
    });

    test("a mirror that refuses connections fails alone", async () => {
      const before = await count();
      const client = await stage.ask(get("/refused"));
      assert.equal(status(await client.response()), 200);
      assert.deepEqual(await risen(before), [0, 0, 1]);
      const line = await stage.logged(({ target }) => target === "/refused");
      assert.deepEqual([line.code, line.retries], ["", 0]);
    });

    test("an answer that never comes ends by the response timeout", async () => {
      stage.witnesses[1].script = recording;
      const before = await count();
      const client = await stage.ask(get("/silent"));
      assert.equal(status(await client.response()), 200);
      assert.deepEqual(await risen(before), [0, 0, 1]);
    });

    test("copies beyond the most at once are dropped, and a place comes back", async () => {
      stage.witnesses[1].script = recording;
      let before = await count();
      const client = await stage.connect();
      for (let i = 0; i < 3; i++) {
        client.send(get("/one"));
        assert.equal(status(await client.response()), 200);
      }
      assert.deepEqual(await risen(before), [0, 2, 0]);
      before = await count();
      const held = await stage.witnesses[1].connection();
      assert.equal(stage.witnesses[1].connections.length, 1);
      held.send(OK);
      assert.deepEqual(await risen(before), [1, 0, 0]);
      client.send(get("/one"));
      assert.equal(status(await client.response()), 200);
      await held.until("a second copy on the same connection", () => held.received.split("GET /one").length === 3);
      held.send(OK);
    });

    test("a client that leaves within its body takes the copy along", async () => {
      for (const witness of stage.witnesses) witness.script = recording;
      const before = await count();
      const client = await stage.ask("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\nabc");
      const copy = await stage.witnesses[1].connection();
      await copy.until("the first half", () => copy.received.endsWith("abc"));
      client.reset();
      assert.deepEqual(await risen(before), [0, 1, 0]);
      await copy.ended();
    });

    test("a repeated try is copied once", async () => {
      stage.witnesses[0].script = async (wire, index) => {
        await wire.read();
        if (index === 0) wire.reset();
        else wire.send(OK);
      };
      const before = await count();
      const client = await stage.ask(get("/again"));
      assert.equal(status(await client.response()), 200);
      assert.deepEqual(await risen(before), [1, 0, 0]);
      assert.deepEqual(stage.witnesses[1].requests.flat(), ["GET /again"]);
    });

    test("the share of copies is near its percentage", async () => {
      const before = await count();
      const client = await stage.connect();
      for (let i = 0; i < 200; i++) {
        client.send(get("/half"));
        assert.equal(status(await client.response()), 200);
      }
      const copies = await until("all copies are answered", async () => {
        const [answered, ...others] = (await count()).map((value, index) => value - before[index]);
        assert.deepEqual(others, [0, 0]);
        return answered === stage.witnesses[1].requests.flat().length && answered;
      });
      // Five standard deviations of 200 draws.
      assert.ok(copies >= 65 && copies <= 135, `${copies} of 200`);
    });
  });
}
