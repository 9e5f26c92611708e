import assert from "node:assert/strict";
import { test } from "node:test";
import { mergeEndpoints } from "../discovery/merge.js";
import { changeOverlay } from "../discovery/overlay.js";
import type { ClusterSpec, EndpointSpec, Spec } from "../model/spec.js";
import { createSpec } from "../testing/observed.js";
import { createClusterSpec, createEndpointSpec } from "../testing/specs.js";
import { EndpointSets } from "./endpoint-sets.js";

/** Two clusters, and a source of the first whose set the test chooses. */
function setUp() {
  const source: { set: readonly EndpointSpec[] } = { set: [] };
  const calls: string[] = [];
  const sets = new EndpointSets({
    merge: (cluster: ClusterSpec) => mergeEndpoints(cluster.endpoints, cluster.name === "web" ? source.set : [], "dns"),
    commit: () => calls.push("commit"),
    abandon: () => calls.push("abandon"),
  });
  const configured = createSpec({ clusters: [createClusterSpec(1), createClusterSpec(2, { name: "other" })] });
  const merge = (spec: Spec = configured) => sets.merge(spec).clusters;
  return { source, calls, sets, configured, merge };
}

test("a cluster of which nothing changed stays the same object, so that nobody has to compare it", () => {
  const { source, sets, merge } = setUp();
  source.set = [createEndpointSpec(5)];
  const first = merge();
  assert.deepEqual(sets.changed(), new Set(["web", "other"]));
  sets.commit();
  assert.deepEqual(merge(), first);
  assert.equal(merge()[0], first[0]);
  assert.deepEqual(sets.changed(), new Set());
  source.set = [createEndpointSpec(6)];
  const second = merge();
  assert.deepEqual(sets.changed(), new Set(["web"]));
  assert.equal(second[1], first[1]);
  sets.commit();
  sets.propose("other", changeOverlay(sets.overlays("other"), "e0", { weight: 4 }));
  const third = merge();
  assert.deepEqual(sets.changed(), new Set(["other"]));
  sets.commit();
  assert.equal(merge()[1], third[1], "also with what an operator changed");
});

test("what was proposed takes effect with commit, and is forgotten when it cannot be", () => {
  const { calls, sets, merge } = setUp();
  merge();
  sets.commit();
  sets.propose("web", changeOverlay(sets.overlays("web"), "e0", { weight: 9 }));
  assert.equal(merge()[0].endpoints[0].weight, 9);
  assert.equal(sets.overlays("web").size, 0, "not yet");
  sets.abandon();
  assert.equal(merge()[0].endpoints[0].weight, 1);
  sets.propose("web", changeOverlay(sets.overlays("web"), "e0", { weight: 9 }));
  merge();
  sets.commit();
  assert.equal(sets.overlays("web").get("e0")?.weight, 9);
  assert.deepEqual([sets.origin("web", "e0"), sets.origin("other", "e0")], ["admin", "config"]);
  assert.deepEqual(calls, ["commit", "abandon", "commit"]);
});

test("who is drained by an operator is told each time, who is no longer once", () => {
  const { sets, configured, merge } = setUp();
  const told: string[] = [];
  const hold = (): string[] => {
    told.length = 0;
    sets.holdAll((cluster, id, held) => told.push(`${cluster} ${id} ${held}`));
    return [...told];
  };
  const apply = (change: { readonly drain: boolean }): void => {
    sets.propose("web", changeOverlay(sets.overlays("web"), "e0", change));
    merge();
    sets.commit();
  };
  merge();
  sets.commit();
  apply({ drain: true });
  assert.deepEqual(hold(), ["web e0 true"]);
  assert.deepEqual(hold(), ["web e0 true"]);
  apply({ drain: false });
  assert.deepEqual(hold(), ["web e0 false"]);
  assert.deepEqual(hold(), []);
  apply({ drain: true });
  hold();
  merge({ ...configured, clusters: [] });
  sets.commit();
  assert.deepEqual(hold(), ["web e0 false"]);
});
