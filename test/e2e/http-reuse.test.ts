/** Connections to endpoints are shared by all clients, used again only when that is safe, and may end at any moment. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ENGINES } from "./ops-support/proxy.js";
import { until } from "./ops-support/until.js";
import { status, values } from "./support/message.js";
import { useStage } from "./support/stage.js";
import { answering, OK } from "./support/witness.js";

const get = (path = "/"): string => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`;
const POST = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nab";
const CLOSING = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok";

for (const engine of ENGINES) {
  describe(`upstream connections on ${engine}`, () => {
    const stage = useStage(engine, {
      cluster: "outlier: { consecutiveFailures: 0 }\npool: { idle: 300ms }",
    });

    test("pipelined requests are answered in order over one upstream connection", async () => {
      stage.witness.script = async (wire) => {
        for (;;) {
          const { startLine } = await wire.read();
          const [, target] = startLine.split(" ");
          wire.send(`HTTP/1.1 200 OK\r\nContent-Length: ${target.length}\r\n\r\n${target}`);
        }
      };
      const client = await stage.ask(get("/1") + POST.replace("/", "/2") + get("/3") + get("/4"));
      for (const target of ["/1", "/2", "/3", "/4"]) assert.equal((await client.response()).body, target);
      assert.deepEqual(stage.witness.requests, [["GET /1", "POST /2", "GET /3", "GET /4"]]);
      stage.witness.assertOneReading();
    });

    test("requests of several clients share a connection, one after the other", async () => {
      for (let i = 0; i < 3; i++) {
        const client = await stage.ask(get(`/${i}`));
        assert.equal((await client.response()).body, "ok");
        client.destroy();
      }
      assert.deepEqual(stage.witness.requests, [["GET /0", "GET /1", "GET /2"]]);
    });

    test("an idle connection is closed after its time", async () => {
      const client = await stage.ask(get());
      await client.response();
      assert.equal(await (await stage.witness.connection()).ended(), "fin");
      client.send(get());
      await client.response();
      assert.equal(stage.witness.connections.length, 2);
    });

    test("a connection whose endpoint says close, or speaks HTTP/1.0, is not used again", async () => {
      for (const reply of [CLOSING, OK.replace("1.1", "1.0")]) {
        stage.witness.clear();
        stage.witness.script = answering(reply);
        const client = await stage.ask(get() + get());
        for (let i = 0; i < 2; i++) {
          const response = await client.response();
          assert.equal(response.body, "ok");
          assert.deepEqual(values(response, "connection"), [], "the client's own connection lives on");
        }
        assert.equal(stage.witness.connections.length, 2);
      }
    });

    test("an endpoint that closes its idle connections is not noticed by clients", async () => {
      const client = await stage.connect();
      for (let i = 0; i < 3; i++) {
        client.send(get());
        assert.equal((await client.response()).body, "ok");
        const wire = await stage.witness.connection(i);
        wire.end();
        await wire.ended();
      }
    });

    test("P09: a GET that meets a closing connection is sent again on a new one", async () => {
      stage.witness.script = async (wire, index) => {
        await wire.read();
        wire.send(OK);
        await wire.read();
        if (index === 0) wire.reset();
        else wire.send(OK);
      };
      const client = await stage.ask(get("/1") + get("/2"));
      assert.equal((await client.response()).body, "ok");
      assert.equal((await client.response()).body, "ok");
      assert.deepEqual(stage.witness.requests, [["GET /1", "GET /2"], ["GET /2"]]);
      const line = await stage.logged((one) => one.target === "/2" && one.retries === 1);
      assert.deepEqual(
        line.tries.map(({ outcome }) => outcome),
        ["UPSTREAM_RESET", "ok"],
      );
    });

    test("P09: a POST that meets a closing connection is delivered at most once, and answered with 502", async () => {
      stage.witness.script = async (wire) => {
        await wire.read();
        wire.send(OK);
        await wire.read();
        wire.reset();
      };
      const client = await stage.ask(get("/1") + POST);
      assert.equal((await client.response()).body, "ok");
      const response = await client.response();
      assert.equal(status(response), 502);
      assert.match(response.body, /^UPSTREAM_RESET: /);
      assert.deepEqual(stage.witness.requests, [["GET /1", "POST /"]]);
    });

    test("a client that sends FIN behind its requests still gets every answer", async () => {
      const client = await stage.connect();
      client.end(get("/1") + POST + get("/3"));
      for (let i = 0; i < 3; i++) assert.equal((await client.response()).body, "ok");
      assert.equal(await client.ended(), "fin");
    });

    test("a client that goes away while its endpoint thinks takes the upstream connection with it", async () => {
      stage.witness.script = () => {};
      const client = await stage.ask(get("/gone"));
      const wire = await stage.witness.connection();
      await wire.read();
      client.reset();
      await wire.ended();
      const line = await stage.logged((one) => one.target === "/gone");
      assert.equal(line.code, "CLIENT_CLOSED");
      assert.equal(line.termination, "client");
    });
  });

  describe(`clients that do not read on ${engine}`, () => {
    const stage = useStage(engine);

    test("a response that ends while the client does not read leaves a connection that works", async () => {
      const big = 4 << 20;
      stage.witness.script = async (wire) => {
        await wire.read();
        wire.send(`HTTP/1.1 200 OK\r\nContent-Length: ${big}\r\n\r\n`);
        wire.send(Buffer.alloc(big, "x"));
        for (;;) {
          await wire.read();
          wire.send(OK);
        }
      };
      const client = await stage.connect();
      client.socket.pause();
      client.send(get("/big") + get("/after"));
      const wire = await stage.witness.connection();
      await wire.until("the request", () => wire.received.includes("/big"));
      client.socket.resume();
      assert.equal((await client.response()).body.length, big);
      assert.equal((await client.response()).body, "ok");
      const other = await stage.ask(get("/other"));
      assert.equal((await other.response()).body, "ok");
      assert.deepEqual(stage.witness.requests, [["GET /big", "GET /after", "GET /other"]]);
    });
  });

  describe(`balancing on ${engine}`, () => {
    const stage = useStage(engine, { endpoints: 3 });

    test("requests of one client connection go to all endpoints in turn", async () => {
      const client = await stage.ask(get().repeat(9));
      for (let i = 0; i < 9; i++) await client.response();
      for (const witness of stage.witnesses) assert.equal(witness.requests.flat().length, 3);
    });
  });

  describe(`clients that leave while connecting, on ${engine}`, () => {
    const stage = useStage(engine, { endpoints: 0, unreachable: true, cluster: "connect: { timeout: 60s }" });

    test("a client that goes away while connecting is counted once and leaves nothing", async () => {
      const client = await stage.ask(get("/connecting"));
      await until("a try", async () => (await stage.metric("plimsoll_endpoint_active")) === 1);
      client.reset();
      const line = await stage.logged((one) => one.target === "/connecting");
      assert.equal(line.code, "CLIENT_CLOSED");
    });
  });
}
