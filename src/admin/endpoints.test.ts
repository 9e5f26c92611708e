import assert from "node:assert/strict";
import { type IncomingHttpHeaders, type RequestOptions, request } from "node:http";
import { type TestContext, test } from "node:test";
import type { ChangeResult, EndpointControl, OverlayView } from "../model/endpoint-change.js";
import { createObserved } from "../testing/observed.js";
import { parseEndpointPath } from "./endpoints.js";
import { startAdmin } from "./server.js";

const TOKEN = "0123456789abcdef";
const JSON_TYPE = { "content-type": "application/json" };
const AUTHORIZED = { ...JSON_TYPE, authorization: `Bearer ${TOKEN}` };

/** A server whose control notes what it is told. */
async function start(t: TestContext, result?: ChangeResult) {
  const calls: string[] = [];
  const overlay: OverlayView = {
    id: "e1",
    address: undefined,
    weight: 3,
    maxConnections: undefined,
    drain: false,
    removed: false,
  };
  const endpoints: EndpointControl = {
    change: async (cluster, id, body) => {
      calls.push(`change ${cluster} ${id} ${body}`);
      return result;
    },
    remove: async (cluster, id) => {
      calls.push(`remove ${cluster} ${id}`);
      return result;
    },
    overlays: () => [overlay],
  };
  const admin = await startAdmin({
    address: { family: "ip4", host: "127.0.0.1", port: 0 },
    token: TOKEN,
    endpoints,
    source: {
      readiness: () => ({ ready: true, reasons: [] }),
      observed: () => createObserved(),
      explain: () => "",
    },
    onError: (error) => assert.fail(error as Error),
  });
  t.after(() => admin.close());
  assert.ok(admin.address.family !== "unix");
  const { host, port } = admin.address;
  const send = (method: string, path: string, headers: IncomingHttpHeaders = AUTHORIZED, body = "") =>
    new Promise<{ status: number; headers: IncomingHttpHeaders; json: Record<string, unknown> }>((resolve, reject) => {
      const options: RequestOptions = { host, port, method, path, headers, agent: false };
      const outgoing = request(options, async (response) => {
        let text = "";
        for await (const piece of response.setEncoding("utf8")) text += piece;
        const json = text.startsWith("{") ? JSON.parse(text) : {};
        resolve({ status: response.statusCode!, headers: response.headers, json });
      });
      outgoing.on("error", reject).end(body);
    });
  return { send, calls };
}

test("paths name a cluster and an endpoint, also with slashes in them", () => {
  assert.deepEqual(parseEndpointPath("/clusters/web/endpoints"), { cluster: "web", id: undefined });
  assert.deepEqual(parseEndpointPath("/clusters/a%2Fb/endpoints/10.0.0.1:80"), { cluster: "a/b", id: "10.0.0.1:80" });
  assert.deepEqual(parseEndpointPath("/clusters/web/endpoints/unix:%2Frun%2Fa"), { cluster: "web", id: "unix:/run/a" });
  for (const path of [
    "/clusters",
    "/clusters/web",
    "/clusters//endpoints",
    "/clusters/a/b/endpoints",
    "/clusters/%/endpoints",
  ]) {
    assert.equal(parseEndpointPath(path), undefined, path);
  }
});

test("an endpoint is changed and removed, and shown as it is then", async (t) => {
  const { send, calls } = await start(t);
  const changed = await send("PUT", "/clusters/web/endpoints/e1", AUTHORIZED, '{"weight":3}');
  assert.equal(changed.status, 200);
  assert.equal((changed.json.endpoint as { id: string }).id, "e1");
  assert.equal((changed.json.overlay as OverlayView).weight, 3);
  assert.equal((await send("DELETE", "/clusters/web/endpoints/gone")).status, 200);
  assert.deepEqual(calls, ['change web e1 {"weight":3}', "remove web gone"]);
});

test("endpoints are shown without a token", async (t) => {
  const { send } = await start(t);
  const all = await send("GET", "/clusters/web/endpoints", {});
  assert.equal((all.json.endpoints as unknown[]).length, 2);
  assert.equal((all.json.overlays as unknown[]).length, 1);
  assert.equal((await send("GET", "/clusters/web/endpoints/e0", {})).status, 200);
  for (const path of ["/clusters/none/endpoints", "/clusters/web/endpoints/none"]) {
    const { status, json } = await send("GET", path, {});
    assert.equal(status, 404);
    assert.match((json.error as { message: string }).message, /there is no .* none/);
  }
});

test("nothing is changed without the token, from a page, or by another Host", async (t) => {
  const { send, calls } = await start(t);
  const path = "/clusters/web/endpoints/e1";
  const missing = await send("PUT", path, JSON_TYPE, "{}");
  assert.equal(missing.status, 401);
  assert.equal(missing.headers["www-authenticate"], "Bearer");
  assert.deepEqual((missing.json.error as { code: string }).code, "UNAUTHORIZED");
  assert.equal((await send("DELETE", path, {})).status, 401);
  assert.equal((await send("PUT", path, { ...AUTHORIZED, origin: "http://evil.example" }, "{}")).status, 403);
  assert.equal((await send("PUT", path, { ...AUTHORIZED, host: "evil.example" }, "{}")).status, 403);
  assert.deepEqual(calls, []);
});

test("other methods, types and large bodies are refused", async (t) => {
  const { send, calls } = await start(t);
  const path = "/clusters/web/endpoints/e1";
  const posted = await send("POST", path);
  assert.deepEqual([posted.status, posted.headers.allow], [405, "GET, HEAD, PUT, DELETE"]);
  assert.equal((await send("PUT", "/clusters/web/endpoints", AUTHORIZED, "{}")).headers.allow, "GET, HEAD");
  assert.equal((await send("PUT", path, { authorization: AUTHORIZED.authorization }, "{}")).status, 415);
  assert.equal((await send("PUT", path, AUTHORIZED, " ".repeat(4097))).status, 413);
  assert.deepEqual(calls, []);
});

test("a refused change is answered with its code and hint", async (t) => {
  const { send } = await start(t, { code: "INVALID", message: "weight: too large", hint: "the most is 1000" });
  const { status, json } = await send("PUT", "/clusters/web/endpoints/e1", AUTHORIZED, "{}");
  assert.equal(status, 422);
  assert.deepEqual(json, { error: { code: "INVALID", message: "weight: too large", hint: "the most is 1000" } });
});
