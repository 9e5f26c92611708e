import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import * as yaml from "yaml";
import { jsonSchema } from "./json-schema.js";
import { loadText } from "./load.js";

const GOLDEN = new URL("test/golden/config/", import.meta.resolve("plimsoll/package.json"));
const read = (name: string) => readFileSync(new URL(name, GOLDEN), "utf8");

test("a file with every key gives the Spec that is written down", () => {
  const { spec, warnings } = loadText("full.yaml", read("full.yaml"), { environment: {}, cores: 8 });
  assert.deepEqual(warnings, []);
  // JSON has no Infinity: the only one is `maxBody: unlimited`.
  const plain = JSON.parse(
    JSON.stringify(spec, (_, value) => (value === Number.POSITIVE_INFINITY ? "Infinity" : value)),
  );
  assert.deepEqual(plain, JSON.parse(read("full.json")));
});

test("that file has every key of the format", () => {
  const used = new Set<string>();
  const collect = (value: unknown): void => {
    if (typeof value !== "object" || value === null) return;
    for (const [key, item] of Object.entries(value)) {
      if (!Array.isArray(value)) used.add(key);
      collect(item);
    }
  };
  collect(yaml.parse(read("full.yaml")));
  const known = new Set<string>();
  JSON.parse(jsonSchema(), (key, value) => {
    if (key === "properties") for (const name of Object.keys(value)) known.add(name);
    return value;
  });
  assert.deepEqual(
    [...known].filter((key) => !used.has(key)),
    [],
  );
});
