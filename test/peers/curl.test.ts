import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, type TestContext, test } from "node:test";
import { ENGINES, startProxy } from "../e2e/ops-support/proxy.js";
import { type Echo, sha256, startOrigin } from "./origin.js";
import { makeFolder, missing, runCommand } from "./program.js";

const skip = missing("curl");

for (const engine of ENGINES) {
  describe(`curl as client of ${engine}`, { skip }, () => {
    const start = async (t: TestContext) => {
      const origin = await startOrigin(t);
      const proxy = await startProxy(
        t,
        engine,
        `
listeners: [{ name: front, address: "127.0.0.1:0", cluster: back }]
clusters: { back: { endpoints: ["127.0.0.1:${origin.port}"] } }
`,
      );
      const url = `http://127.0.0.1:${proxy.port()}`;
      const curl = (...args: string[]) => runCommand("curl", ["-sS", "--max-time", "10", ...args]);
      return { origin, url, curl };
    };

    test("gets a megabyte as it is, with a length and in chunks", async (t) => {
      const { origin, url, curl } = await start(t);
      assert.equal(sha256(await curl(`${url}/bytes/1048576`)), sha256(origin.content));
      assert.equal(sha256(await curl(`${url}/chunked/1048576`)), sha256(origin.content));
      assert.equal((await curl(`${url}/bytes/0`)).length, 0);
    });

    test("uploads a file with a length, in chunks, and after 100 Continue", async (t) => {
      const { url, curl } = await start(t);
      const file = join(makeFolder(t), "upload");
      const content = randomBytes(1_500_000);
      writeFileSync(file, content);
      const send = async (...args: string[]) => JSON.parse((await curl(...args)).toString()) as Echo;
      const plain = await send("-H", "Expect:", "--data-binary", `@${file}`, `${url}/echo`);
      assert.deepEqual([plain.method, plain.sha256], ["POST", sha256(content)]);
      assert.equal(plain.headers["content-length"], String(content.length));
      const chunked = await send("-H", "Transfer-Encoding: chunked", "--data-binary", `@${file}`, `${url}/echo`);
      assert.deepEqual([chunked.headers["transfer-encoding"], chunked.sha256], ["chunked", sha256(content)]);
      const waiting = await send("-H", "Expect: 100-continue", "--expect100-timeout", "8", "-T", file, `${url}/echo`);
      assert.deepEqual([waiting.method, waiting.sha256], ["PUT", sha256(content)]);
    });

    test("reads headers only with HEAD, and a range", async (t) => {
      const { origin, url, curl } = await start(t);
      const head = (await curl("-I", `${url}/bytes/12345`)).toString();
      assert.match(head, /^HTTP\/1\.1 200 OK\r\n/);
      assert.match(head, /\r\ncontent-length: 12345\r\n/i);
      assert.deepEqual(await curl("-r", "1000-1999", `${url}/bytes/5000`), origin.content.subarray(1000, 2000));
    });

    test("is served over HTTP/1.0, chunked responses too", async (t) => {
      const { origin, url, curl } = await start(t);
      assert.equal(sha256(await curl("--http1.0", `${url}/bytes/1048576`)), sha256(origin.content));
      assert.equal(sha256(await curl("--http1.0", `${url}/chunked/1048576`)), sha256(origin.content));
    });

    test("asks for many URLs on one connection", async (t) => {
      const { origin, url, curl } = await start(t);
      const urls = Array.from({ length: 50 }, (_, i) => `${url}/${i % 2 ? "bytes" : "chunked"}/${i * 1000}`);
      const outputs = urls.flatMap((each) => ["-o", "/dev/null", each]);
      const told = (await curl("-w", "%{http_code} %{num_connects}\\n", ...outputs)).toString().trim().split("\n");
      assert.deepEqual(told, ["200 1", ...Array<string>(49).fill("200 0")]);
      assert.equal(origin.connections(), 1);
    });
  });
}
