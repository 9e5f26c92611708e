import assert from "node:assert/strict";
import { test } from "node:test";
import { ENGINES, startProxy } from "../e2e/ops-support/proxy.js";
import { startOrigin } from "./origin.js";
import { missing, runCommand } from "./program.js";

for (const engine of ENGINES) {
  test(`wrk sees no error and no other status through ${engine}`, { skip: missing("wrk") }, async (t) => {
    const origin = await startOrigin(t);
    const proxy = await startProxy(
      t,
      engine,
      `
listeners: [{ name: front, address: "127.0.0.1:0", cluster: back }]
clusters: { back: { endpoints: ["127.0.0.1:${origin.port}"] } }
`,
    );
    const args = ["-t1", "-c20", "-d1s", `http://127.0.0.1:${proxy.port()}/bytes/1000`];
    const report = (await runCommand("wrk", args)).toString();
    assert.ok(Number(/(\d+) requests in/.exec(report)?.[1]) > 100, report);
    assert.doesNotMatch(report, /Socket errors|Non-2xx/);
  });
}
