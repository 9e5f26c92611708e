import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { hashText, mix32 } from "../base/hash.js";
import type { Node } from "../model/node.js";
import { Query } from "../model/query.js";
import { createNodes, createPickerFor, createSetup } from "../testing/nodes.js";
import { createBalanceSpec } from "../testing/specs.js";

const CLIENTS = Array.from({ length: 2000 }, (_, i) => hashText(`192.168.${i >> 8}.${i & 255}`));

function place(nodes: readonly Node[], all: readonly Node[]): (string | undefined)[] {
  const picker = createPickerFor(createBalanceSpec("ring-hash"), nodes, createSetup(all, 1), all);
  const query = new Query();
  return CLIENTS.map((hash) => {
    query.reset(hash);
    return picker.pick(query)?.id;
  });
}

test("when a node goes, its clients move and nobody else's", () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 2, maxLength: 12 }),
      fc.nat(),
      (weights, pick) => {
        const all = createNodes(weights);
        const gone = all[pick % all.length];
        const before = place(all, all);
        const after = place(
          all.filter((node) => node !== gone),
          all,
        );
        before.forEach((id, client) => {
          if (id === gone.id) assert.notEqual(after[client], gone.id);
          else assert.equal(after[client], id, `client ${client}`);
        });
      },
    ),
    { numRuns: 30 },
  );
});

test("the clients of a node that goes are spread over several others", () => {
  const all = createNodes(new Array<number>(10).fill(1));
  const before = place(all, all);
  const after = place(all.slice(1), all);
  const heirs = new Set(after.filter((_, client) => before[client] === all[0].id));
  assert.ok(heirs.size >= 7, `${heirs.size} heirs`);
});

test("the order in which endpoints are listed does not matter", () => {
  const all = createNodes([1, 2, 3, 4]);
  assert.deepEqual(place(all.toReversed(), all), place(all, all));
});

test("a client goes to the owner of the first point at or after its hash", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 20 }), fc.nat(0xffff_ffff), (count, hash) => {
      const nodes = createNodes(new Array<number>(count).fill(1));
      // The definition, by search: 128 points per node, wrapping round.
      const points = nodes.flatMap((node) =>
        Array.from({ length: 128 }, (_, i) => ({ id: node.id, at: mix32(hashText(node.id) ^ mix32(i)) })),
      );
      const distance = (point: { at: number }): number => (point.at - hash + 2 ** 32) % 2 ** 32;
      const nearest = points.reduce((best, point) => (distance(point) < distance(best) ? point : best));
      const query = new Query();
      query.reset(hash);
      const picker = createPickerFor(createBalanceSpec("ring-hash"), nodes, createSetup(nodes, 1));
      assert.equal(picker.pick(query)?.id, nearest.id);
    }),
  );
});
