import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import fc from "fast-check";
import { LbError } from "../base/errors.js";
import type { Overlay } from "../discovery/overlay.js";
import { formatOverlays, OverlayStore, parseOverlays } from "./overlay-store.js";

const overlay = (changes: Partial<Overlay> = {}): Overlay => {
  return {
    address: undefined,
    weight: undefined,
    maxConnections: undefined,
    drain: false,
    removed: false,
    isBased: true,
    ...changes,
  };
};

function folderOf(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "plimsoll-"));
  t.after(() => rmSync(folder, { recursive: true }));
  return folder;
}

test("what is kept is what is loaded, whatever it is (property)", () => {
  const count = fc.option(fc.nat(1000), { nil: undefined });
  const address = fc.constantFrom(
    undefined,
    { family: "ip4", host: "10.0.0.1", port: 80 } as const,
    { family: "unix", path: "/run/a.sock" } as const,
  );
  const flag = fc.boolean();
  const one = fc.record(
    { address, weight: count, maxConnections: count, drain: flag, removed: flag, isBased: flag },
    { noNullPrototype: true },
  );
  const name = fc.constantFrom("web", "a/b", "__proto__", "10.0.0.1:80");
  const own = fc.array(fc.tuple(name, one), { minLength: 1, maxLength: 3 }).map((rows) => new Map(rows));
  fc.assert(
    fc.property(fc.array(fc.tuple(name, own), { maxLength: 3 }), (rows) => {
      const all = new Map(rows);
      const loaded = parseOverlays(formatOverlays(all));
      assert.deepEqual(
        [...loaded!].map(([cluster, overlays]) => [cluster, [...overlays]]),
        [...all].map(([cluster, overlays]) => [cluster, [...overlays]]),
      );
    }),
  );
});

test("a file that is not there holds nothing, and one that was written is whole and leaves nothing beside it", (t) => {
  const folder = folderOf(t);
  const store = new OverlayStore(join(folder, "state.json"));
  assert.equal(store.load().size, 0);
  store.keep(new Map([["web", new Map()]]));
  assert.deepEqual(readdirSync(folder), [], "nothing was changed");
  store.keep(new Map([["web", new Map([["e0", overlay({ weight: 3 })]])]]));
  assert.deepEqual(readdirSync(folder), ["state.json"]);
  const again = new OverlayStore(join(folder, "state.json"));
  assert.equal(again.load().get("web")?.get("e0")?.weight, 3);
});

test("anything else in the file is refused, and left as it is", (t) => {
  const file = join(folderOf(t), "state.json");
  const good = JSON.parse(formatOverlays(new Map([["web", new Map([["e0", overlay()]])]])));
  const bad = [
    "",
    "{",
    "null",
    "[]",
    JSON.stringify({ ...good, version: 2 }),
    JSON.stringify({ version: 1, clusters: [] }),
    JSON.stringify({ version: 1, clusters: { web: { e0: { ...overlay(), weight: -1 } } } }),
    JSON.stringify({ version: 1, clusters: { web: { e0: { ...overlay(), drain: "yes" } } } }),
    JSON.stringify({ version: 1, clusters: { web: { e0: { ...overlay(), address: "10.0.0.1:80" } } } }),
  ];
  for (const text of bad) {
    writeFileSync(file, text);
    assert.throws(
      () => new OverlayStore(file).load(),
      (error) => error instanceof LbError && error.code === "CONFIG_INVALID" && error.message.includes(file),
    );
    assert.equal(readFileSync(file, "utf8"), text);
  }
});

test("a file that cannot be written is told", (t) => {
  const store = new OverlayStore(join(folderOf(t), "nowhere", "state.json"));
  assert.throws(() => store.keep(new Map([["web", new Map([["e0", overlay()]])]])), { code: "ENOENT" });
});
