import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { runExplain } from "./explain.js";

let folder: string;
let config: string;
before(() => {
  folder = mkdtempSync(join(tmpdir(), "plimsoll-"));
  config = join(folder, "a.yaml");
  writeFileSync(
    config,
    `listeners:
  - address: ":8080"
    routes:
      - { name: old, match: { path: /old }, redirect: { status: 308, location: / } }
      - { name: rest, cluster: web }
clusters: { web: { endpoints: ["10.0.0.1:80", { address: "10.0.0.2:80", weight: 0 }] } }
`,
  );
});
after(() => rmSync(folder, { recursive: true }));

const SURROUNDINGS = { environment: {}, cores: 1 };
const QUERY = { url: "http://a:8080/x", method: "GET", headers: [], source: "127.0.0.1", seed: 5 } as const;

test("by a configuration alone it says the way and that loads are not known", async () => {
  const options = { query: QUERY, config, admin: undefined, json: false };
  assert.equal(
    await runExplain(options, SURROUNDINGS),
    `request   GET http://a:8080/x from 127.0.0.1
listener  0.0.0.0:8080: it listens on 0.0.0.0:8080, the port of the URL
route     old: no, path is not /old
route     rest: taken
then      forward to cluster web (route rest)
cluster   web: round-robin; states and load are not known, ask with --admin

     endpoint     state    weight  active  latency  score  chance  excluded
  >  10.0.0.1:80  unknown  1       0       -        -      100.0%
     10.0.0.2:80  unknown  0       0       -        -      0.0%    its weight is 0

pick      10.0.0.1:80 (seed 5)
`,
  );
});

test("JSON holds the same", async () => {
  const options = { query: QUERY, config, admin: undefined, json: true };
  const { choice, live } = JSON.parse(await runExplain(options, SURROUNDINGS));
  assert.deepEqual([choice.pick, live], ["10.0.0.1:80", false]);
});

test("what cannot be explained is told", async () => {
  const run = (changes: Partial<Parameters<typeof runExplain>[0]>) =>
    runExplain({ query: QUERY, config: undefined, admin: undefined, json: false, ...changes }, SURROUNDINGS);
  await assert.rejects(run({ config, query: { ...QUERY, url: "x" } }), /not an http URL: x/);
  await assert.rejects(run({ admin: "nowhere" }), /--admin: not an address: nowhere/);
  const gone = join(folder, "gone.sock");
  await assert.rejects(run({ admin: `unix:${gone}` }), /asking the admin server at unix:.*gone\.sock failed: .*ENOENT/);
});
