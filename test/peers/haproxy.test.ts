import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { describe, test } from "node:test";
import { freePorts } from "../../bench/child.js";
import { ENGINES, startProxy } from "../e2e/ops-support/proxy.js";
import { type Echo, sha256, startOrigin } from "./origin.js";
import { makeFolder, missing, startServer } from "./program.js";

const skip = missing("haproxy");

function configuration(port: number, server: number): string {
  return `
global
  nbthread 1
defaults
  mode http
  timeout connect 5s
  timeout client 30s
  timeout server 30s
  option forwardfor
frontend front
  bind 127.0.0.1:${port}
  http-request return status 200 content-type text/plain string "from haproxy" if { path /own }
  default_backend back
backend back
  server one 127.0.0.1:${server}
`;
}

for (const engine of ENGINES) {
  describe(`HAProxy around ${engine}`, { skip }, () => {
    test("as endpoint: bodies come whole both ways over kept connections", async (t) => {
      const [port] = await freePorts(1);
      const origin = await startOrigin(t);
      const folder = makeFolder(t);
      const args = ["-f", "FILE"];
      await startServer(t, { command: "haproxy", args, configuration: configuration(port, origin.port), folder, port });
      const proxy = await startProxy(
        t,
        engine,
        `
listeners: [{ name: front, address: "127.0.0.1:0", cluster: back }]
clusters: { back: { endpoints: ["127.0.0.1:${port}"] } }
`,
      );
      const url = `http://127.0.0.1:${proxy.port()}`;
      assert.equal(await (await fetch(`${url}/own`)).text(), "from haproxy");
      for (const kind of ["bytes", "chunked", "bytes", "chunked"]) {
        const response = await fetch(`${url}/${kind}/1048576`);
        assert.equal(sha256(Buffer.from(await response.arrayBuffer())), sha256(origin.content));
      }
      const body = randomBytes(900_000);
      const sent = (await (await fetch(`${url}/echo`, { method: "POST", body })).json()) as Echo;
      assert.equal(sent.sha256, sha256(body));
      assert.equal(await proxy.metric("plimsoll_cluster_connects_total"), 1);
    });

    test("in front: bodies come whole, and the chain of X-Forwarded-For grows", async (t) => {
      const [port] = await freePorts(1);
      const origin = await startOrigin(t);
      const proxy = await startProxy(
        t,
        engine,
        `
listeners: [{ name: front, address: "127.0.0.1:0", cluster: back, trustedProxies: [127.0.0.1/32] }]
clusters: { back: { endpoints: ["127.0.0.1:${origin.port}"] } }
`,
      );
      const folder = makeFolder(t);
      const args = ["-f", "FILE"];
      const text = configuration(port, proxy.port());
      await startServer(t, { command: "haproxy", args, configuration: text, folder, port });
      const url = `http://127.0.0.1:${port}`;
      const body = randomBytes(900_000);
      const sent = (await (await fetch(`${url}/echo`, { method: "PUT", body })).json()) as Echo;
      assert.deepEqual([sent.method, sent.sha256], ["PUT", sha256(body)]);
      assert.equal(sent.headers["x-forwarded-for"], "127.0.0.1, 127.0.0.1");
      for (const kind of ["bytes", "chunked"]) {
        const response = await fetch(`${url}/${kind}/1048576`);
        assert.equal(sha256(Buffer.from(await response.arrayBuffer())), sha256(origin.content));
      }
    });
  });
}
