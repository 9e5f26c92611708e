/** A drain lets go of what is idle, lets what runs finish, and ends what is left at its deadline. */
import assert from "node:assert/strict";
import { once } from "node:events";
import type http from "node:http";
import { describe, test } from "node:test";
import { request, startHttp } from "./ops-support/http.js";
import { ENGINES, startProxy } from "./ops-support/proxy.js";
import { dial, echo, startEndpoint } from "./ops-support/tcp.js";
import { until, within } from "./ops-support/until.js";

const config = (port: number, drain: string, protocol = "routes: [{ cluster: web }]"): string => `
listeners: [{ name: front, address: "127.0.0.1:0", ${protocol} }]
clusters: { web: { endpoints: ["127.0.0.1:${port}"] } }
drain: ${drain}`;

for (const engine of ENGINES) {
  describe(`a drain on ${engine}`, () => {
    test("closes idle connections, finishes what runs with connection: close, and takes nobody in", async (t) => {
      let pending: http.ServerResponse | undefined;
      const endpoint = await startHttp(t, "a", (_, response) => {
        pending = response;
      });
      const proxy = await startProxy(t, engine, config(endpoint.port, "10s"));
      const idle = await dial(t, proxy.port());
      const running = request(proxy.port(), { headers: { connection: "keep-alive" } });
      await once(endpoint.server, "request");
      const drained = proxy.supervisor.drain();
      assert.equal(await idle.ended(), "fin");
      idle.socket.end();
      await assert.rejects(request(proxy.port()), { code: "ECONNREFUSED" });
      assert.equal((await proxy.page("/ready")).status, 503);
      assert.equal((await proxy.page("/live")).status, 200);
      pending!.end("done");
      const { body, headers } = await running;
      assert.deepEqual([body, headers.connection], ["done", "close"]);
      await within("the drain", drained);
    });

    test("cuts at its deadline what has not ended, and counts it", async (t) => {
      const endpoint = await startHttp(t, "a", () => {});
      const proxy = await startProxy(t, engine, config(endpoint.port, "300ms"));
      const running = request(proxy.port());
      const cut = assert.rejects(running, { code: "ECONNRESET" });
      await once(endpoint.server, "request");
      const at = performance.now();
      await within("the drain", proxy.supervisor.drain());
      await cut;
      const took = performance.now() - at;
      assert.ok(took >= 290 && took < 2000, `${took} ms`);
      assert.equal(await proxy.metric("plimsoll_listener_errors_total", "SHUTTING_DOWN"), 1);
      assert.equal(await proxy.metric("plimsoll_endpoint_active"), 0);
    });

    test("lets TCP connections go on until they end", async (t) => {
      const endpoint = await startEndpoint(t, echo);
      const proxy = await startProxy(t, engine, config(endpoint.port, "10s", "protocol: tcp, cluster: web"));
      const client = await dial(t, proxy.port());
      client.socket.write("before,");
      await client.received(7);
      const drained = proxy.supervisor.drain();
      await until("the door closes", () =>
        request(proxy.port()).then(
          () => false,
          () => true,
        ),
      );
      client.socket.end("after");
      assert.equal(await client.ended(), "fin");
      assert.equal(client.text, "before,after");
      await within("the drain", drained);
    });
  });
}
