import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createSpec } from "../testing/observed.js";
import { createClusterSpec, createHealthSpec } from "../testing/specs.js";
import { configJson } from "./config-json.js";

describe("config page", () => {
  it("shows the whole specification", () => {
    const spec = createSpec();
    const shown = JSON.parse(configJson(spec));
    assert.equal(shown.listeners[0].limits.maxBodyBytes, "unlimited");
    shown.listeners[0].limits.maxBodyBytes = Infinity;
    assert.deepEqual(
      shown,
      JSON.parse(JSON.stringify(spec), (key, value) => (key === "maxBodyBytes" ? Infinity : value)),
    );
  });

  it("hides the values of fields that carry secrets, and no others", () => {
    const headers = ["Authorization", "Proxy-Authorization", "Cookie", "X-Api-Key", "X-Auth-Token", "X-Plain"].map(
      (name) => ({ name, value: "s3cret" }),
    );
    const check = { kind: "http", path: "/", method: "GET", host: "", headers, statuses: [], body: "" } as const;
    const spec = createSpec({ clusters: [createClusterSpec(1, { health: [createHealthSpec({ check })] })] });
    const text = configJson(spec);
    assert.equal(text.split("s3cret").length - 1, 1);
    assert.deepEqual(JSON.parse(text).clusters[0].health[0].check.headers.at(-1), { name: "X-Plain", value: "s3cret" });
    assert.equal(text.split("(hidden)").length - 1, 5);
  });

  it("hides the secret of persistence", () => {
    const persistence = { kind: "header", name: "x-node", secret: "0123456789abcdef" } as const;
    const spec = createSpec({ clusters: [createClusterSpec(1, { persistence })] });
    const shown = JSON.parse(configJson(spec)).clusters[0].persistence;
    assert.deepEqual(shown, { ...persistence, secret: "(hidden)" });
  });

  it("hides what TCP checks send: it may be a login", () => {
    const check = { kind: "tcp", send: "41555448", expect: "2b4f4b" } as const;
    const spec = createSpec({ clusters: [createClusterSpec(1, { health: [createHealthSpec({ check })] })] });
    const shown = JSON.parse(configJson(spec)).clusters[0].health[0].check;
    assert.deepEqual(shown, { kind: "tcp", send: "(hidden)", expect: "2b4f4b" });
  });
});
