import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { EndpointSpec } from "../model/spec.js";
import { createEndpointSpec } from "../testing/specs.js";
import { diffEndpoints, isUnchanged, summarizeEndpoints } from "./diff.js";
import { mergeEndpoints } from "./merge.js";

const at = (port: number) => ({ family: "ip4", host: "127.0.0.1", port }) as const;
const ids = (specs: readonly EndpointSpec[]): string[] => specs.map(({ id }) => id);

/** Sets as sources hand them over: each id once. */
const anySet = fc
  .uniqueArray(fc.record({ index: fc.nat(9), weight: fc.nat(3), port: fc.constantFrom(1, 2) }), {
    selector: ({ index }) => index,
  })
  .map((rows) => rows.map(({ index, weight, port }) => createEndpointSpec(index, { weight, address: at(port) })));

test("a difference tells additions, removals, moves and changes apart", () => {
  const before = [0, 1, 2, 3].map((index) => createEndpointSpec(index));
  const after = [
    createEndpointSpec(4),
    createEndpointSpec(3, { weight: 9 }),
    createEndpointSpec(1, { address: at(1), weight: 9 }),
    createEndpointSpec(0),
  ];
  const diff = diffEndpoints(before, after);
  assert.deepEqual(ids(diff.added), ["e4"]);
  assert.deepEqual(ids(diff.removed), ["e2"]);
  assert.deepEqual(ids(diff.moved.map((one) => one.after)), ["e1"]);
  assert.deepEqual(ids(diff.changed.map((one) => one.after)), ["e3"]);
  assert.equal(summarizeEndpoints(diff), "1 added, 1 removed, 1 moved, 1 changed");
});

test("applying a difference to the old set gives the new one, and equal sets have none", () => {
  fc.assert(
    fc.property(anySet, anySet, (before, after) => {
      const { added, removed, moved, changed } = diffEndpoints(before, after);
      const gone = new Set(ids(removed));
      const result = new Map(before.filter(({ id }) => !gone.has(id)).map((spec) => [spec.id, spec]));
      for (const one of [...moved, ...changed]) result.set(one.after.id, one.after);
      for (const spec of added) result.set(spec.id, spec);
      const sorted = (specs: Iterable<EndpointSpec>) => [...specs].sort((a, b) => (a.id < b.id ? -1 : 1));
      assert.deepEqual(sorted(result.values()), sorted(after));
      assert.ok(isUnchanged(diffEndpoints(after, [...after].reverse())), "order is no difference");
    }),
  );
});

test("merging keeps every id once, prefers the list, and says who named it", () => {
  fc.assert(
    fc.property(anySet, anySet, (configured, discovered) => {
      const merged = mergeEndpoints(configured, [...discovered, ...discovered], "dns");
      const specs = merged.map(({ spec }) => spec);
      assert.equal(new Set(ids(specs)).size, specs.length);
      assert.deepEqual(specs.slice(0, configured.length), configured);
      for (const spec of discovered) assert.ok(ids(specs).includes(spec.id));
      merged.forEach(({ origin }, index) => {
        assert.equal(origin, index < configured.length ? "config" : "dns");
      });
    }),
  );
});
