import assert from "node:assert/strict";
import { test } from "node:test";
import { defineConfig } from "./index.js";
import { check } from "./load.js";
import { valueSource } from "./source.js";

test("a typed configuration is what the loader takes", () => {
  const config = defineConfig({
    listeners: [
      { address: ":8080", routes: [{ match: { path: "/a/*", method: "GET" }, cluster: "a" }, { cluster: "b" }] },
      { address: ":8081", protocol: "tcp", cluster: "b" },
    ],
    clusters: { a: { endpoints: [":1"], health: { http: "/" } }, b: { endpoints: [{ address: ":2", weight: 2 }] } },
  });
  const { spec } = check(valueSource("config", config), { environment: {}, cores: 1 });
  assert.equal(spec.listeners.length, 2);
});

test("the compiler refuses a cluster that does not exist", () => {
  const clusters = { a: { endpoints: [":1"] } };
  // @ts-expect-error there is no cluster b
  defineConfig({ listeners: [{ address: ":1", cluster: "b" }], clusters });
  // @ts-expect-error there is no cluster b
  defineConfig({ listeners: [{ address: ":1", routes: [{ cluster: "b" }] }], clusters });
  // @ts-expect-error there is no cluster b
  defineConfig({ listeners: [{ address: ":1", protocol: "tcp", cluster: "b" }], clusters });
  // @ts-expect-error a mistyped key
  defineConfig({ listeners: [{ address: ":1", clutser: "a" }], clusters });
  // @ts-expect-error an unknown policy
  defineConfig({ listeners: [], clusters: { a: { endpoints: [], balance: "fair" } } });
});
