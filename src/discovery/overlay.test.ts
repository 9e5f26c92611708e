import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { EndpointChange } from "../model/endpoint-change.js";
import { createEndpointSpec } from "../testing/specs.js";
import { mergeEndpoints } from "./merge.js";
import { applyOverlays, changeOverlay, type Overlays, rebaseOverlays, removeOverlay } from "./overlay.js";

const NONE: Overlays = new Map();
const address = { family: "ip4", host: "10.0.0.9", port: 1 } as const;
const named = (...indices: number[]) =>
  mergeEndpoints(
    indices.map((index) => createEndpointSpec(index)),
    [],
    "config",
  );

/** What there is after laying `overlays` over the endpoints with these numbers. */
function shown(overlays: Overlays, ...indices: number[]): string[] {
  const kept = rebaseOverlays(overlays, named(...indices));
  return applyOverlays(named(...indices), kept).map(
    ({ spec, origin }) => `${origin} ${spec.id} weight ${spec.weight} max ${spec.maxConnections}`,
  );
}

test("a change is laid over what is named; what it does not say stays", () => {
  let overlays = changeOverlay(NONE, "e1", { weight: 5 });
  overlays = changeOverlay(overlays, "e1", { maxConnections: 7 });
  assert.deepEqual(shown(overlays, 0, 1), ["config e0 weight 1 max 0", "admin e1 weight 5 max 7"]);
  overlays = changeOverlay(overlays, "e1", { weight: undefined });
  assert.deepEqual(shown(overlays, 1), ["admin e1 weight 1 max 7"]);
  overlays = changeOverlay(overlays, "e1", { maxConnections: undefined });
  assert.equal(overlays.size, 0, "nothing is left to say");
});

test("an endpoint that nobody names needs an address, and is gone when it is removed", () => {
  const overlays = changeOverlay(NONE, "new", { address, weight: 2 });
  assert.deepEqual(shown(overlays, 0), ["config e0 weight 1 max 0", "admin new weight 2 max 0"]);
  assert.deepEqual(shown(removeOverlay(overlays, "new", false), 0), ["config e0 weight 1 max 0"]);
  assert.deepEqual(shown(changeOverlay(NONE, "new", { weight: 2 }), 0), ["config e0 weight 1 max 0"]);
});

test("a named endpoint stays removed over reloads, and any change brings it back", () => {
  let overlays = removeOverlay(changeOverlay(NONE, "e0", { weight: 9 }), "e0", true);
  assert.deepEqual(shown(overlays, 0, 1), ["config e1 weight 1 max 0"]);
  overlays = rebaseOverlays(overlays, named(0, 1));
  assert.deepEqual(shown(overlays, 0, 1), ["config e1 weight 1 max 0"]);
  assert.deepEqual(shown(changeOverlay(overlays, "e0", {}), 0), ["config e0 weight 1 max 0"]);
  assert.deepEqual(shown(changeOverlay(overlays, "e0", { drain: true }), 0), ["admin e0 weight 1 max 0"]);
});

test("whoever takes an endpoint out of the file has the last word", () => {
  const changed = rebaseOverlays(changeOverlay(NONE, "e1", { weight: 5, address }), named(0, 1));
  const gone = rebaseOverlays(changed, named(0));
  assert.equal(gone.size, 0);
  assert.deepEqual(shown(gone, 0, 1), ["config e0 weight 1 max 0", "config e1 weight 1 max 0"]);
  // An added one that the file names later belongs to the file from then on.
  const adopted = rebaseOverlays(changeOverlay(NONE, "e1", { address }), named(1));
  assert.deepEqual(shown(adopted, 0), ["config e0 weight 1 max 0"]);
});

test("whatever is changed and reloaded, each id stands once and nothing is both removed and shown", () => {
  const id = fc.constantFrom("e0", "e1", "e2", "new");
  const change: fc.Arbitrary<EndpointChange> = fc.record(
    {
      weight: fc.option(fc.nat(5), { nil: undefined }),
      address: fc.constantFrom(undefined, address),
      drain: fc.boolean(),
    },
    { requiredKeys: [] },
  );
  const step = fc.oneof(
    fc.tuple(fc.constant("change" as const), id, change),
    fc.tuple(fc.constant("remove" as const), id),
    fc.tuple(fc.constant("reload" as const), fc.subarray([0, 1, 2])),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
      let base = named(0, 1, 2);
      let overlays = NONE;
      for (const one of steps) {
        if (one[0] === "change") overlays = changeOverlay(overlays, one[1], one[2]);
        else if (one[0] === "reload") base = named(...one[1]);
        else
          overlays = removeOverlay(
            overlays,
            one[1],
            base.some(({ spec }) => spec.id === one[1]),
          );
        overlays = rebaseOverlays(overlays, base);
        const ids = applyOverlays(base, overlays).map(({ spec }) => spec.id);
        assert.equal(new Set(ids).size, ids.length);
        for (const [name, { removed }] of overlays) assert.ok(!(removed && ids.includes(name)));
        for (const { spec } of base) assert.ok(ids.includes(spec.id) || overlays.get(spec.id)?.removed === true);
      }
    }),
  );
});
