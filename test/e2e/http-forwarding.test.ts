/** What endpoints and clients are told about each other, and what routes change. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ENGINES } from "./ops-support/proxy.js";
import { type Message, readMessage, status, values } from "./support/message.js";
import { type Stage, useStage } from "./support/stage.js";
import { answering } from "./support/witness.js";

const ROUTES = `
routes:
  - match: { path: /old/* }
    redirect: { status: 308, location: "https://new.example{path}{query}" }
  - match: { path: /fixed }
    respond: { status: 418, body: "${"t".repeat(8000)}", contentType: text/tea }
  - match: { path: /v1/* }
    cluster: c
    rewrite: { prefix: /api/, host: inner.example }
    requestHeaders: { set: { x-set: "1" }, add: { x-add: ["a", "b"] }, remove: [x-secret] }
    responseHeaders: { set: { server: plimsoll }, remove: [x-powered-by] }
  - match: { host: "*.only.example", method: PUT, headers: { x-key: "k*" }, query: { q: "1" } }
    cluster: c
  - match: { host: a.example }
    cluster: c`;
const CLAIMS =
  "X-Forwarded-For: 6.6.6.6\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: evil\r\nForwarded: for=6.6.6.6\r\nX-Request-Id: mine\r\n";
const ask = (line: string, host = "a.example", more = ""): string => `${line} HTTP/1.1\r\nHost: ${host}\r\n${more}\r\n`;

/** What the endpoint got for `request`. */
async function forwarded(stage: Stage, request: string): Promise<Message> {
  stage.witness.clear();
  const client = await stage.ask(request);
  assert.equal(status(await client.response()), 200);
  client.destroy();
  return readMessage(stage.witness.received)!;
}

for (const engine of ENGINES) {
  describe(`what is forwarded to strangers' requests on ${engine}`, () => {
    const stage = useStage(engine, { listener: `${ROUTES}\nforwarded: true` });

    test("an untrusted client's claims are replaced by what is known", async () => {
      const message = await forwarded(stage, ask("GET /", "a.example", `${CLAIMS}X-Forwarded-Port: 1\r\n`));
      assert.deepEqual(values(message, "x-forwarded-for"), ["127.0.0.1"]);
      assert.deepEqual(values(message, "x-forwarded-proto"), ["http"]);
      assert.deepEqual(values(message, "x-forwarded-host"), ["a.example"]);
      assert.deepEqual(values(message, "x-forwarded-port"), []);
      assert.deepEqual(values(message, "forwarded"), ['for=127.0.0.1;proto=http;host="a.example"']);
      assert.deepEqual(values(message, "via"), ["1.1 plimsoll"]);
      const [id] = values(message, "x-request-id");
      assert.match(id, /^[0-9a-f]{32}$/);
      const line = await stage.logged((one) => one.request_id === id);
      assert.equal(line.host, "a.example");
    });

    test("two requests have two ids", async () => {
      const ids = [await forwarded(stage, ask("GET /")), await forwarded(stage, ask("GET /"))];
      assert.notEqual(values(ids[0], "x-request-id")[0], values(ids[1], "x-request-id")[0]);
    });

    test("a route rewrites path and host, and changes fields in both directions", async () => {
      stage.witness.script = answering(
        "HTTP/1.1 200 OK\r\nServer: x\r\nX-Powered-By: y\r\nContent-Length: 2\r\n\r\nok",
      );
      const client = await stage.ask(ask("GET /v1/users?x=1", "a.example", "X-Secret: s\r\nX-Set: 0\r\n"));
      const response = await client.response();
      assert.deepEqual(values(response, "server"), ["plimsoll"]);
      assert.deepEqual(values(response, "x-powered-by"), []);
      const message = readMessage(stage.witness.received)!;
      assert.equal(message.startLine, "GET /api/users?x=1 HTTP/1.1");
      assert.deepEqual(values(message, "host"), ["inner.example"]);
      assert.deepEqual(values(message, "x-set"), ["1"]);
      assert.deepEqual(values(message, "x-add"), ["a", "b"]);
      assert.deepEqual(values(message, "x-secret"), []);
      assert.deepEqual(values(message, "x-forwarded-host"), ["a.example"]);
    });

    test("a redirect and a fixed answer come from the proxy, and the connection lives on", async () => {
      const client = await stage.ask(ask("GET /old/x?y") + ask("GET /fixed") + ask("HEAD /fixed") + ask("GET /"));
      const redirect = await client.response();
      assert.equal(status(redirect), 308);
      assert.deepEqual(values(redirect, "location"), ["https://new.example/old/x?y"]);
      const fixed = await client.response();
      assert.equal(status(fixed), 418);
      assert.equal(fixed.body, "t".repeat(8000));
      assert.deepEqual(values(fixed, "content-type"), ["text/tea"]);
      const head = await client.response({ toHead: true });
      assert.deepEqual(values(head, "content-length"), ["8000"]);
      assert.equal(status(await client.response()), 200);
      assert.deepEqual(stage.witness.requests, [["GET /"]]);
    });

    test("routes match host, method, fields and query, and what matches none is 404", async () => {
      const wanted = "PUT /?q=1 HTTP/1.1\r\nHost: b.only.example\r\nContent-Length: 0\r\nX-Key: k1\r\n\r\n";
      await forwarded(stage, wanted);
      for (const other of [
        wanted.replace("b.only", "only"),
        wanted.replace("PUT", "POST"),
        wanted.replace("k1", "1"),
        wanted.replace("q=1", "q=2"),
      ]) {
        const client = await stage.ask(other);
        const response = await client.response();
        assert.equal(status(response), 404);
        assert.match(response.body, /^NO_ROUTE/);
      }
    });

    test("a request with a body that is answered by the proxy ends the connection", async () => {
      const client = await stage.ask(
        "POST /fixed HTTP/1.1\r\nHost: a\r\nContent-Length: 37\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n",
      );
      const response = await client.response();
      assert.equal(status(response), 418);
      assert.deepEqual(values(response, "connection"), ["close"]);
      await client.ended();
      assert.equal(client.rest, "");
      assert.equal(stage.witness.received, "");
    });

    test("a request that comes past the proxy again and again is a loop", async () => {
      const client = await stage.ask(ask("GET /", "a.example", `Via: ${Array(9).fill("1.1 plimsoll").join(", ")}\r\n`));
      assert.equal(status(await client.response()), 508);
    });
  });

  describe(`what is forwarded of trusted proxies on ${engine}`, () => {
    const stage = useStage(engine, { listener: "cluster: c\ntrustedProxies: [127.0.0.0/8]\nforwarded: true" });

    test("their claims are kept and extended", async () => {
      const message = await forwarded(stage, ask("GET /", "a.example", `${CLAIMS}Via: 1.0 first\r\n`));
      assert.deepEqual(values(message, "x-forwarded-for"), ["6.6.6.6, 127.0.0.1"]);
      assert.deepEqual(values(message, "x-forwarded-proto"), ["https"]);
      assert.deepEqual(values(message, "x-forwarded-host"), ["evil"]);
      assert.deepEqual(values(message, "forwarded"), ['for=6.6.6.6, for=127.0.0.1;proto=http;host="a.example"']);
      assert.deepEqual(values(message, "x-request-id"), ["mine"]);
      assert.deepEqual(values(message, "via"), ["1.0 first", "1.1 plimsoll"]);
    });
  });
}
