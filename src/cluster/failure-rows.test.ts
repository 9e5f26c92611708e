import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { EndpointCell, SLOT_CELLS } from "../model/cells.js";
import { type FailureRow, Outcome, type OutcomeId, outcomeOfStatus } from "../model/outcome.js";
import { createOutlierSpec } from "../testing/specs.js";
import { countFailure, forgiveFailures } from "./failure-rows.js";

const LETTERS: Readonly<Record<string, OutcomeId>> = {
  c: Outcome.CONNECT_FAILED,
  r: Outcome.RESET,
  t: Outcome.TIMEOUT,
  "3": outcomeOfStatus(503),
  "0": outcomeOfStatus(500),
  b: Outcome.BAD_RESPONSE,
  a: Outcome.ABORTED,
};

/** Which rows were reported; `+` is a success. */
function run(outcomes: string, limits: Partial<Record<FailureRow, number>>): string[] {
  const outlier = createOutlierSpec({ consecutiveFailures: 0, ...limits });
  const cells = new Int32Array(SLOT_CELLS);
  const reported: string[] = [];
  [...outcomes].forEach((letter, index) => {
    if (letter === "+") forgiveFailures(cells, 0);
    else {
      const row = countFailure(cells, 0, LETTERS[letter], outlier);
      if (row !== undefined) reported.push(`${row} at ${index + 1}`);
    }
  });
  return reported;
}

const any = { consecutiveFailures: 3 };
const server = { consecutive5xx: 3 };
const local = { consecutiveLocal: 3 };

for (const [outcomes, limits, expected] of [
  ["ct3", any, ["consecutiveFailures at 3"]],
  ["rbt", any, ["consecutiveFailures at 3"]],
  ["cc+cc", any, []],
  ["cc0cc", any, []],
  ["ccac", any, ["consecutiveFailures at 4"]],
  ["cccccc", any, ["consecutiveFailures at 3", "consecutiveFailures at 6"]],
  ["030", server, ["consecutive5xx at 3"]],
  ["00+00", server, []],
  ["00c0", server, ["consecutive5xx at 4"]],
  ["ccc", server, []],
  ["crt", local, ["consecutiveLocal at 3"]],
  ["cc3c", local, []],
  ["cc0c", local, []],
  ["cc+c", local, []],
  ["000", local, []],
  ["ccc000", {}, []],
  ["33", { consecutiveFailures: 9, consecutive5xx: 2 }, ["consecutive5xx at 2"]],
] as const) {
  test(`the outcomes ${outcomes} under ${JSON.stringify(limits)} report ${expected.join(", ") || "nothing"}`, () => {
    assert.deepEqual(run(outcomes, limits), expected);
  });
}

test("a success ends every row, and no row goes below none", () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...Object.keys(LETTERS), "+")), (letters) => {
      const cells = new Int32Array(SLOT_CELLS);
      const limits = createOutlierSpec({ consecutive5xx: 2, consecutiveLocal: 2 });
      for (const letter of letters) {
        if (letter === "+") forgiveFailures(cells, 0);
        else countFailure(cells, 0, LETTERS[letter], limits);
        assert.ok(cells.every((cell) => cell >= 0));
      }
      forgiveFailures(cells, 0);
      assert.equal(cells[EndpointCell.FAILURES], 0);
      assert.ok(cells.every((cell) => cell === 0));
    }),
  );
});
