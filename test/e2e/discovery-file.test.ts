// biome-ignore-all lint/suspicious/noTemplateCurlyInString: variables of the file format
/** Endpoints that come from a file, seen from outside: they follow it, and a mistake in it takes nothing away. */
import assert from "node:assert/strict";
import { mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { runCli } from "./ops-support/cli.js";
import { type HttpEndpoint, Load, request, startHttp } from "./ops-support/http.js";
import { ENGINES, startProxy } from "./ops-support/proxy.js";
import { until } from "./ops-support/until.js";

const [ENGINE] = ENGINES;

async function startFile(t: TestContext) {
  const folder = await mkdtemp(join(tmpdir(), "plimsoll-"));
  t.after(() => rm(folder, { recursive: true }));
  const path = join(folder, "web.yaml");
  return {
    path,
    /** As a deployment does: the file is replaced as a whole. */
    replace: async (text: string) => {
      await writeFile(`${path}.new`, text);
      await rename(`${path}.new`, path);
    },
  };
}

const entry = ({ port }: HttpEndpoint, more = "") => `- { address: "127.0.0.1:${port}"${more} }\n`;

const config = (path: string, own = "") => `
listeners: [{ name: front, address: "127.0.0.1:0", routes: [{ cluster: web }] }]
clusters: { web: { endpoints: [${own}], discover: { file: "${path}" } } }
drain: 1s`;

test("endpoints of a file are there from the first request on, follow it, and survive its mistakes", async (t) => {
  const [own, a, b] = await Promise.all(["own", "a", "b"].map((name) => startHttp(t, name)));
  const { path, replace } = await startFile(t);
  await replace(entry(a));
  const proxy = await startProxy(t, ENGINE, config(path, `"127.0.0.1:${own.port}"`));
  const ask = async () => (await request(proxy.port())).body;
  assert.deepEqual([await ask(), await ask()].sort(), ["a", "own"]);
  assert.deepEqual(
    (await proxy.cluster("web")).endpoints.map(({ source }) => source),
    ["config", "file"],
  );

  await replace(entry(a, ", weight: 0") + entry(b, ", weight: 5"));
  await until("the change", async () => (await proxy.cluster("web")).endpoints.length === 3);
  const [, drained, added] = (await proxy.cluster("web")).endpoints;
  assert.deepEqual([drained.state, added.weight], ["draining", 5]);
  assert.deepEqual([await ask(), await ask(), await ask()].includes("a"), false);

  await replace("- 127.0.0.1\n");
  const told = await proxy.logged("discovery_failed");
  assert.match(told.message, /web\.yaml:1:3: not an address: 127\.0\.0\.1/);
  const { discovery, endpoints } = await proxy.cluster("web");
  assert.equal(endpoints.length, 3);
  assert.match(discovery!.problem!, /not an address/);
  assert.equal(await proxy.metric("plimsoll_discovery_failing", 'cluster="web"'), 1);

  await replace("[]");
  await until("only its own", async () => (await proxy.cluster("web")).endpoints.length === 1);
  assert.equal(await ask(), "own");
  assert.equal(await proxy.metric("plimsoll_discovery_failing", 'cluster="web"'), 0);
});

test("a file that changes under load loses no request", async (t) => {
  const endpoints = await Promise.all(["a", "b", "c"].map((name) => startHttp(t, name)));
  const { path, replace } = await startFile(t);
  await replace(endpoints.map((one) => entry(one)).join(""));
  const proxy = await startProxy(t, ENGINE, config(path));
  const load = new Load(proxy.port(), 8);
  for (let i = 0; i < 6; i++) {
    const chosen = endpoints.filter((_, index) => index !== i % 3);
    await replace(chosen.map((one) => entry(one, `, weight: ${1 + i}`)).join(""));
    const wanted = chosen.map(({ port }) => `127.0.0.1:${port}`);
    await until("the change", async () => {
      const shown = (await proxy.cluster("web")).endpoints;
      return shown.map(({ id }) => id).join() === wanted.join() && shown[0].weight === 1 + i;
    });
    const seen = load.answered;
    await until("some load", () => load.answered >= seen + 16);
  }
  await load.stop();
  assert.deepEqual(load.failures, []);
});

test("the command line follows a file of endpoints, with variables of its environment", async (t) => {
  const [a, b] = await Promise.all(["a", "b"].map((name) => startHttp(t, name)));
  const { path, replace } = await startFile(t);
  await replace('[{ "address": "127.0.0.1:${PLIMSOLL_TEST_PORT}" }]');
  const text = config(path).replace("name: front, ", "");
  const { port, log } = await runCli(t, `${text}\nworkers: 1\nengine: ${ENGINE}`, { PLIMSOLL_TEST_PORT: `${a.port}` });
  assert.equal((await request(port)).body, "a");
  await replace(entry(b));
  await until("the change", () => log().includes("1 endpoints: 1 added, 1 removed"), 10_000);
  await until("the other endpoint", async () => (await request(port)).body === "b");
  await replace("- 127.0.0.1");
  await until("the complaint", () => /"event":"discovery_failed".*web\.yaml:1:3/.test(log()), 10_000);
  assert.equal((await request(port)).body, "b");
});
