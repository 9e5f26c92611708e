import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { runSimulation, type SimulateOptions } from "./simulate.js";

let folder: string;
before(() => {
  folder = mkdtempSync(join(tmpdir(), "plimsoll-"));
  const config = (balance: string) =>
    `listeners: [{ address: ":8080", cluster: web }]
clusters: { web: { endpoints: ["10.0.0.1:80", "10.0.0.2:80"], balance: ${balance} } }\n`;
  writeFileSync(join(folder, "a.yaml"), config("round-robin"));
  writeFileSync(join(folder, "b.yaml"), config("least-request"));
  writeFileSync(join(folder, "load.yaml"), "arrivals: { poisson: 200/s }\nduration: 5s\n");
  const line = (second: number): string =>
    JSON.stringify({
      time: `2026-01-01T00:00:0${second}.000Z`,
      cluster: "web",
      endpoint: "10.0.0.1:80",
      client: "10.0.0.9:1",
      response_ms: 5,
      status: 200,
    });
  writeFileSync(join(folder, "access.log"), `${line(1)}\nnot JSON\n${line(2)}\n`);
});
after(() => rmSync(folder, { recursive: true }));

async function run(changes: Partial<SimulateOptions>): Promise<{ out: string; notes: string }> {
  const file = (name: string | undefined) => (name === undefined ? undefined : join(folder, name));
  const options = { config: "a.yaml", compare: [], cluster: undefined, load: undefined, trace: undefined, ...changes };
  let notes = "";
  const out = await runSimulation(
    {
      ...options,
      config: file(options.config)!,
      compare: options.compare.map((name) => file(name)!),
      load: file(options.load),
      trace: file(options.trace),
      seed: options.seed ?? 1,
      json: options.json ?? false,
    },
    { environment: {}, cores: 1 },
    (text) => {
      notes += text;
    },
  );
  return { out, notes };
}

test("a load is played against one configuration, or several side by side", async () => {
  const { out } = await run({ load: "load.yaml" });
  assert.match(out, /^cluster web, 5 s, seed 1\n/);
  assert.match((await run({ load: "load.yaml", compare: ["b.yaml"] })).out, /policy +round-robin +least-request/);
});

test("JSON holds the same figures, and the seed decides them", async () => {
  const parse = async (seed: number) =>
    JSON.parse((await run({ load: "load.yaml", compare: ["b.yaml"], json: true, seed })).out).runs;
  const [a, b] = await parse(1);
  assert.deepEqual([a.figures.policy, b.figures.policy], ["round-robin", "least-request"]);
  assert.equal(a.figures.requests, b.figures.requests);
  assert.deepEqual(await parse(1), [a, b]);
  assert.notDeepEqual(await parse(2), [a, b]);
});

test("a JSON access log is played again, and what is none is told", async () => {
  const { out, notes } = await run({ trace: "access.log" });
  assert.match(out, /\nrequests +2\n/);
  assert.match(notes, /access\.log: 1 lines are no JSON access log and were left out\n$/);
});

test("what cannot be simulated is told", async () => {
  await assert.rejects(run({ load: "none.yaml" }), /none\.yaml: there is no such file/);
  await assert.rejects(run({ trace: "none.log" }), /none\.log: there is no such file/);
  await assert.rejects(run({ trace: "load.yaml" }), /no request to cluster web was answered/);
  await assert.rejects(
    run({ load: "load.yaml", cluster: "api" }),
    /a\.yaml: there is no cluster api; clusters are web/,
  );
  await assert.rejects(run({ load: "a.yaml" }), /the key arrivals is missing/);
});
