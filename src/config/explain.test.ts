// biome-ignore-all lint/suspicious/noTemplateCurlyInString: variables of the file format
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { anyConfig } from "./any-config.test.support.js";
import { explain } from "./explain.js";
import { check, loadText } from "./load.js";
import { valueSource } from "./source.js";

const surroundings = { environment: {}, cores: 2 };

test("what is explained loads as the same Spec", () => {
  fc.assert(
    fc.property(anyConfig, (value) => {
      const { spec } = check(valueSource("value", JSON.parse(JSON.stringify(value))), surroundings);
      const again = loadText("explained.yaml", explain(spec), { environment: {}, cores: 64 });
      assert.deepEqual(again.spec, spec);
      assert.equal(explain(again.spec), explain(spec));
    }),
    { numRuns: 100 },
  );
});
