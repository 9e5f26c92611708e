import assert from "node:assert/strict";
import { createServer as createHttpServer } from "node:http";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { after, describe, test } from "node:test";
import { createClock } from "../../base/clock.js";
import type { Address } from "../../model/address.js";
import type { CheckSpec } from "../../model/spec.js";
import { FakeClock } from "../../testing/fake-clock.js";
import type { Verdict } from "../standing.js";
import { createProbe } from "./probe.js";

type Check = CheckSpec;
type HttpCheck = Extract<Check, { kind: "http" }>;

const tcp: Check = { kind: "tcp", send: "", expect: "" };
const http: HttpCheck = {
  kind: "http",
  path: "/healthz?x=1",
  method: "GET",
  host: "",
  headers: [],
  statuses: [[200, 299]],
  body: "",
};
const hex = (text: string): string => Buffer.from(text).toString("hex");
const servers: Server[] = [];
const sockets = new Set<Socket>();
const probe = createProbe(createClock());

after(() => {
  for (const socket of sockets) socket.destroy();
  for (const server of servers) server.close();
});

async function listen(server: Server): Promise<Address> {
  servers.push(server);
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket)).on("error", () => {});
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { family: "ip4", host: "127.0.0.1", port: (server.address() as AddressInfo).port };
}

/** A server that answers whatever comes with `text`, and ends if told so. */
function answering(text: string, end = true): Promise<Address> {
  return listen(
    createServer((socket) => {
      socket.once("data", () => {
        socket.write(text, "latin1");
        if (end) socket.end();
      });
    }),
  );
}

/** An address that nobody listens on. */
async function refusing(): Promise<Address> {
  const server = createServer();
  const address = await listen(server);
  await new Promise((resolve) => server.close(resolve));
  return address;
}

function run(address: Address, check: Check, timeoutMs = 5000): Promise<Verdict> {
  return new Promise((resolve) => probe(address, check, timeoutMs, resolve));
}

describe("a probe", () => {
  test("by TCP is content with a connection", async () => {
    const verdict = await run(await listen(createServer()), tcp);
    assert.equal(verdict.reason, "connected");
    assert.ok(verdict.ok && verdict.latencyMs >= 0 && verdict.latencyMs < 5000);
  });

  test("names a refused connection", async () => {
    const address = await refusing();
    assert.equal((await run(address, tcp)).reason, "connect refused");
    assert.deepEqual((await run(address, http)).ok, false);
  });

  const redis: Check = { kind: "tcp", send: hex("PING\r\n"), expect: hex("+PONG") };

  test("by TCP sends its bytes, and finds what it expects in the answer", async () => {
    const seen: string[] = [];
    const address = await listen(
      createServer((socket) =>
        socket.on("data", (bytes) => {
          seen.push(bytes.toString());
          socket.write("+PO");
          setImmediate(() => socket.write("NG\r\n"));
        }),
      ),
    );
    assert.equal((await run(address, redis)).reason, "answered as expected");
    assert.deepEqual(seen, ["PING\r\n"]);
  });

  test("by TCP names an answer that it did not expect, and silence", async () => {
    const verdict = await run(await answering("-ERR loading\r\n"), redis);
    assert.deepEqual([verdict.ok, verdict.reason], [false, 'the answer does not contain "+PONG"']);
    assert.equal((await run(await answering(""), redis)).reason, "closed without an answer");
  });

  test("by TCP can wait for a greeting without sending anything", async () => {
    const address = await listen(createServer((socket) => socket.end("220 mail ready\r\n")));
    assert.equal((await run(address, { kind: "tcp", send: "", expect: hex("220 ") })).ok, true);
  });

  test("of an agent reads its line, with or without an end", async () => {
    for (const line of ["75% ready\n", "75% ready"]) {
      const address = await listen(createServer((socket) => socket.end(line)));
      const { said, ok } = await run(address, { kind: "agent" });
      assert.deepEqual([ok, said?.percent, said?.ready], [true, 75, true]);
    }
  });

  test("of an agent says what it does not understand", async () => {
    const address = await listen(createServer((socket) => socket.end("hello\n")));
    const { said, ok, reason } = await run(address, { kind: "agent" });
    assert.deepEqual([ok, said, reason], [false, undefined, 'not understood: "hello"']);
  });

  test("names a unix socket that is not there", async () => {
    const verdict = await run({ family: "unix", path: "/nonexistent/plimsoll.sock" }, tcp);
    assert.equal(verdict.reason, "no such socket");
  });

  test("sends the request that the check describes", async () => {
    const seen: unknown[] = [];
    const server = createHttpServer((request, response) => {
      const { host, connection, "x-check": own } = request.headers;
      seen.push([request.method, request.url, host, connection, own]);
      response.end("fine");
    });
    const address = await listen(server);
    const check = { ...http, host: "app.example", headers: [{ name: "X-Check", value: "yes" }], body: "fine" };
    assert.equal((await run(address, check)).reason, "status 200, body as expected");
    assert.deepEqual(seen, [["GET", "/healthz?x=1", "app.example", "close", "yes"]]);
  });

  test("uses the endpoint's address as Host unless the check names one, also among its headers", async () => {
    const hosts: unknown[] = [];
    const address = await listen(
      createHttpServer((request, response) => {
        hosts.push(request.rawHeaders.filter((_, i) => request.rawHeaders[i - 1]?.toLowerCase() === "host"));
        response.end();
      }),
    );
    assert.ok(address.family !== "unix");
    await run(address, http);
    await run(address, { ...http, headers: [{ name: "host", value: "b" }] });
    assert.deepEqual(hosts, [[`127.0.0.1:${address.port}`], ["b"]]);
  });

  test("names a wrong status", async () => {
    const address = await answering("HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n");
    assert.deepEqual((await run(address, http)).reason, "status 500, expected 200-299");
  });

  test("names a wrong body", async () => {
    const address = await answering("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ndown");
    const verdict = await run(address, { ...http, body: "up" });
    assert.deepEqual([verdict.ok, verdict.reason], [false, 'the body does not contain "up"']);
  });

  test("names garbage, and silence", async () => {
    assert.equal((await run(await answering("SSH-2.0-x\r\n\r\n"), http)).reason, "malformed response");
    assert.equal((await run(await answering(""), http)).reason, "closed without a response");
  });

  test("names a reset", async () => {
    const address = await listen(createServer((socket) => socket.once("data", () => socket.resetAndDestroy())));
    assert.equal((await run(address, http)).reason, "connection reset");
  });

  test("decides as soon as it can, and does not wait for the end of the connection", async () => {
    const address = await answering("HTTP/1.1 200 OK\r\n\r\nready", false);
    assert.equal((await run(address, { ...http, body: "ready" })).ok, true);
  });

  test("times out as a whole when a server drips its header", async () => {
    const clock = new FakeClock();
    // Each byte seen is answered with one byte more: a probe with a timeout per read would wait for ever.
    const address = await listen(
      createServer((socket) => {
        socket.once("data", () => {
          socket.write("HTTP/1.1 200 OK\r\nA: ");
          const drip = setInterval(() => {
            socket.write("x");
            clock.advance(50);
          }, 1);
          socket.on("close", () => clearInterval(drip));
        });
      }),
    );
    const verdict = await new Promise<Verdict>((resolve) => createProbe(clock)(address, http, 2000, resolve));
    assert.deepEqual(verdict, { ok: false, reason: "timed out after 2000 ms", latencyMs: 2000, said: undefined });
  });

  test("that is cancelled says nothing and leaves no socket or timer", async () => {
    const clock = new FakeClock();
    const closed = new Promise<void>((resolve) => {
      void listen(createServer((socket) => socket.on("close", () => resolve()))).then((address) => {
        const cancel = createProbe(clock)(address, http, 2000, () => assert.fail("a verdict came"));
        servers.at(-1)!.once("connection", cancel);
      });
    });
    await closed;
    assert.equal(clock.pending, 0);
  });
});
