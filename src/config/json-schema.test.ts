import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { DEFAULTS } from "./defaults.js";
import { jsonSchema } from "./json-schema.js";

const root = new URL(".", import.meta.resolve("plimsoll/package.json"));

test("the JSON Schema in the package is current", () => {
  const committed = readFileSync(new URL("schema/plimsoll.schema.json", root), "utf8");
  assert.equal(committed, jsonSchema(), "run: node bin/plimsoll.js schema > schema/plimsoll.schema.json");
});

test("every default and its reason stand in the JSON Schema", () => {
  const schema = jsonSchema();
  const visit = (table: object): void => {
    if ("why" in table) assert.ok(schema.includes(JSON.stringify(table.why).slice(1, -1)), String(table.why));
    else for (const entry of Object.values(table)) visit(entry);
  };
  visit(DEFAULTS);
});
