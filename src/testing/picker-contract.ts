/** What every balancing policy keeps, whatever it weighs. A new policy adds a row in `pickers.test.ts`, no test file. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Picker } from "../balance/picker.js";
import { mix32 } from "../base/hash.js";
import { createRandom, type Random } from "../base/random.js";
import { EndpointCell } from "../model/cells.js";
import type { Node } from "../model/node.js";
import { Query } from "../model/query.js";
import type { BalanceSpec } from "../model/spec.js";
import { createNodes, createPickerFor, createSetup } from "./nodes.js";

export interface PickerPromise {
  /** How far the shares of idle nodes may be off their weights, as a part of the share; undefined: no such promise. */
  readonly shareTolerance: number | undefined;
}

const CASES = 100;
const SHARES = [
  [1, 2, 3, 6],
  [0.5, 1, 1.5, 3],
  [1, 1, 1, 1],
];

export function pickerContract(title: string, spec: BalanceSpec, { shareTolerance }: PickerPromise): void {
  describe(title, () => {
    forEachCase(
      "picks a node that has room whenever there is one, and only such, whatever the past",
      (random, seed) => {
        const nodes = createNodes(anyWeights(random, 50), 3);
        const setup = createSetup(nodes, seed);
        for (const node of nodes) writePast(setup.cells, node.at, random);
        const picker = createPickerFor(spec, nodes, setup);
        const query = new Query();
        const anyRoom = nodes.some((node) => setup.cells[node.at] < 3);
        for (let i = 0; i < 20; i++) {
          query.reset(mix32(i));
          query.now = 10_000 + i;
          const picked = picker.pick(query);
          assert.equal(picked !== undefined, anyRoom);
          if (picked !== undefined) assert.ok(setup.cells[picked.at] < 3, "a full node was picked");
        }
      },
    );

    forEachCase("passes over nodes that are full in any respect", (random, seed) => {
      const nodes = createNodes(anyWeights(random, 20), 3, { connections: 3, pending: 2, retries: 2 });
      const setup = createSetup(nodes, seed);
      const query = new Query();
      const fresh = random.below(2) === 1;
      const rooms = new Map<Node, boolean>();
      for (const node of nodes) {
        const idle = random.below(2);
        (node as { idle: number }).idle = idle;
        const [active, open, pending, retries] = [4, 5, 4, 4].map((most) => random.below(most));
        const { ACTIVE, CONNECTIONS, PENDING, RETRIES } = EndpointCell;
        for (const [cell, value] of [
          [ACTIVE, active],
          [CONNECTIONS, open],
          [PENDING, pending],
          [RETRIES, retries],
        ])
          setup.cells[node.at + cell] = value;
        const hasConnection = (idle > 0 && !fresh) || (open < 3 && pending < 2);
        rooms.set(node, active < 3 && hasConnection && retries < 2);
      }
      const picker = createPickerFor(spec, nodes, setup);
      for (let i = 0; i < 20; i++) {
        query.reset(mix32(i));
        query.repeats = true;
        query.fresh = fresh;
        query.now = 10_000 + i;
        const picked = picker.pick(query);
        assert.equal(picked !== undefined, [...rooms.values()].includes(true));
        if (picked !== undefined) assert.equal(rooms.get(picked), true, "a full node was picked");
      }
    });

    forEachCase("passes over tried nodes while another has room, and then falls back to them", (random, seed) => {
      const nodes = createNodes(anyWeights(random, 8));
      const picker = createPickerFor(spec, nodes, createSetup(nodes, seed));
      const query = new Query();
      query.reset(mix32(seed));
      const picked = new Set<number>();
      for (let i = 0; i < nodes.length; i++) {
        const node = picker.pick(query);
        assert.ok(node !== undefined && !picked.has(node.slot), "an untried node was left");
        picked.add(node.slot);
        query.addTried(node.slot);
      }
      assert.notEqual(picker.pick(query), undefined);
    });

    forEachCase("does the same on another thread, of the tables that it was sent", (random, seed) => {
      const nodes = createNodes(anyWeights(random, 50));
      const [here, there] = [undefined, structuredClone].map((send) =>
        picksOf(createPickerFor(spec, nodes, createSetup(nodes, seed), nodes, send), 20),
      );
      assert.deepEqual(there, here);
    });

    if (shareTolerance === undefined) return;
    for (const weights of SHARES) {
      test(`gives idle nodes of weight ${weights} their shares`, () => {
        const nodes = createNodes(weights);
        const total = weights.reduce((sum, weight) => sum + weight, 0);
        const picks = 24_000;
        const counts = new Array<number>(nodes.length).fill(0);
        for (const slot of picksOf(createPickerFor(spec, nodes, createSetup(nodes, 42)), picks)) counts[slot]++;
        weights.forEach((weight, slot) => {
          const share = counts[slot] / ((picks * weight) / total);
          assert.ok(Math.abs(share - 1) <= shareTolerance, `weight ${weight} got ${share} of its share`);
        });
      });
    }
  });
}

/** Some cases at random; one that fails names its seed. */
function forEachCase(name: string, law: (random: Random, seed: number) => void): void {
  test(name, () => {
    for (let seed = 1; seed <= CASES; seed++) {
      try {
        law(createRandom(seed), seed);
      } catch (error) {
        throw new Error(`with seed ${seed}`, { cause: error });
      }
    }
  });
}

/** Whole ones and fractions. */
function anyWeights(random: Random, most: number): number[] {
  const whole = random.below(2) === 0;
  return Array.from({ length: 1 + random.below(most) }, () =>
    whole ? 1 + random.below(9) : 0.05 + random.next() / 2 ** 31,
  );
}

/** What other requests left in a node's cells. */
function writePast(cells: Int32Array, at: number, random: Random): void {
  const oneOf = (values: readonly number[]): number => values[random.below(values.length)];
  cells[at + EndpointCell.ACTIVE] = oneOf([0, 1, 2, 3, 3]);
  cells[at + EndpointCell.LATENCY] = oneOf([0, 1, 900, 2_000_000]);
  cells[at + EndpointCell.HEARD_AT] = random.below(20_000);
  cells[at + EndpointCell.AVOID_UNTIL] = oneOf([0, 5000, 15_000]);
}

function picksOf(picker: Picker<Node>, count: number): number[] {
  const query = new Query();
  return Array.from({ length: count }, (_, i) => {
    query.reset(mix32(i));
    return picker.pick(query)!.slot;
  });
}
