import assert from "node:assert/strict";
import { test } from "node:test";
import type { Upstream } from "./upstream.js";
import { UpstreamPool } from "./upstream-pool.js";

/** Stands for a connection: a pool only remembers it, closes it, and is told when it ended. */
function createUpstream(pool: UpstreamPool, name: string, closed: string[]): Upstream {
  const upstream = {
    poolIndex: -1,
    close() {
      closed.push(name);
      if (upstream.poolIndex >= 0) pool.remove(upstream as Upstream);
    },
  };
  return upstream as Upstream;
}

function createFilled(size: number) {
  const endpoint = { idle: 0 };
  const pool = new UpstreamPool(endpoint, size);
  const closed: string[] = [];
  const upstreams = Array.from({ length: size }, (_, i) => createUpstream(pool, `u${i}`, closed));
  for (const upstream of upstreams) assert.ok(pool.put(upstream));
  return { endpoint, pool, closed, upstreams };
}

test("a smaller pool closes the oldest and keeps the others in order", () => {
  const { endpoint, pool, closed, upstreams } = createFilled(4);
  assert.equal(endpoint.idle, 4);
  pool.resize(2);
  assert.equal(endpoint.idle, 2);
  assert.deepEqual(closed, ["u0", "u1"]);
  assert.deepEqual(
    upstreams.map(({ poolIndex }) => poolIndex),
    [-1, -1, 0, 1],
  );
  assert.equal(pool.put(upstreams[0]), false);
  pool.remove(upstreams[2]);
  assert.equal(pool.take(), upstreams[3]);
  assert.equal(pool.take(), undefined);
  assert.equal(endpoint.idle, 0);
});

test("a larger pool closes nothing and takes more", () => {
  const { pool, closed, upstreams } = createFilled(1);
  pool.resize(2);
  assert.ok(pool.put(createUpstream(pool, "more", closed)));
  assert.deepEqual(closed, []);
  assert.equal(upstreams[0].poolIndex, 0);
});

test("a closed pool closes what it has and takes nothing", () => {
  const { endpoint, pool, closed, upstreams } = createFilled(2);
  pool.close();
  assert.equal(endpoint.idle, 0);
  assert.deepEqual(closed, ["u0", "u1"]);
  assert.equal(pool.put(upstreams[0]), false);
});
