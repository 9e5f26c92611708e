/** Loads that endpoints report: who says that it is busy gets less, and clients hear nothing of it. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { request, startHttp } from "./ops-support/http.js";
import { startProxy } from "./ops-support/proxy.js";
import { until } from "./ops-support/until.js";

describe("load reports", () => {
  test("shares follow what is reported, reports stay inside, and malformed ones are counted", async (t) => {
    const figures = new Map([
      ["busy", "TEXT cpu_utilization=0.9, rps_fractional=100"],
      ["idle", 'JSON {"cpu_utilization": 0.3, "rps_fractional": 100}'],
    ]);
    const endpoints = await Promise.all(
      [...figures.keys()].map((name) =>
        startHttp(t, name, (_, response) => {
          response.setHeader("Endpoint-Load-Metrics", figures.get(name)!);
          response.end(name);
        }),
      ),
    );
    const yaml = (more: string) => `
listeners: [{ name: front, address: "127.0.0.1:0", routes: [{ cluster: web }] }]
clusters: { web: { endpoints: [${endpoints.map(({ port }) => `"127.0.0.1:${port}"`).join(", ")}]${more} } }`;
    const proxy = await startProxy(t, "epoll", yaml(", loadReports: true"));
    const shares = async (): Promise<number[]> => {
      const counts = [0, 0];
      for (let i = 0; i < 40; i++) {
        const { body, headers } = await request(proxy.port());
        assert.equal(headers["endpoint-load-metrics"], undefined);
        counts[body === "busy" ? 0 : 1]++;
      }
      return counts;
    };
    // Full use would give 111 and 333 requests: a half and one and a half of their mean.
    await until("three quarters for the idle one", async () => Math.abs((await shares())[1] - 30) <= 1, 10_000);
    assert.ok((await proxy.metric("plimsoll_cluster_load_reports_total")) >= 2);
    assert.equal(await proxy.metric("plimsoll_cluster_load_reports_bad_total"), 0);
    figures.set("idle", "TEXT cpu_utilization=-1");
    await until("a malformed report is counted", async () => {
      await request(proxy.port());
      return (await proxy.metric("plimsoll_cluster_load_reports_bad_total")) > 0;
    });
    await proxy.reload(yaml(", loadReports: { forward: true }"));
    assert.ok((await request(proxy.port())).headers["endpoint-load-metrics"] !== undefined);
    await proxy.reload(yaml(""));
    assert.ok((await request(proxy.port())).headers["endpoint-load-metrics"] !== undefined, "nobody asked for it");
  });

  test("reports in trailers count as well, in text and binary, and other trailers go on", async (t) => {
    const busy = await startHttp(t, "busy", (_, response) => {
      response.write("busy");
      response.addTrailers({ "Endpoint-Load-Metrics": "TEXT cpu_utilization=0.9, rps_fractional=100", "X-Sum": "7" });
      response.end();
    });
    const idle = await startHttp(t, "idle", (_, response) => {
      response.write("idle");
      // cpu_utilization 0.3, rps_fractional 100
      response.addTrailers({ "X-Sum": "7", "Endpoint-Load-Metrics-Bin": "CTMzMzMzM9M/MQAAAAAAAFlA" });
      response.end();
    });
    const yaml = (more: string) => `
listeners: [{ name: front, address: "127.0.0.1:0", routes: [{ cluster: web }] }]
clusters: { web: { endpoints: ["127.0.0.1:${busy.port}", "127.0.0.1:${idle.port}"]${more} } }`;
    const proxy = await startProxy(t, "epoll", yaml(", loadReports: true"));
    const idleShare = async (): Promise<number> => {
      let count = 0;
      for (let i = 0; i < 40; i++) {
        const { body, trailers } = await request(proxy.port());
        assert.deepEqual({ ...trailers }, { "x-sum": "7" });
        if (body === "idle") count++;
      }
      return count;
    };
    await until("three quarters for the idle one", async () => Math.abs((await idleShare()) - 30) <= 1, 10_000);
    assert.ok((await proxy.metric("plimsoll_cluster_load_reports_total")) >= 2);
    assert.equal(await proxy.metric("plimsoll_cluster_load_reports_bad_total"), 0);
    await proxy.reload(yaml(", loadReports: { forward: true }"));
    const { trailers } = await request(proxy.port());
    const names = Object.keys(trailers).sort();
    assert.deepEqual([names.length, names[0].startsWith("endpoint-load-metrics"), names[1]], [2, true, "x-sum"]);
  });
});
