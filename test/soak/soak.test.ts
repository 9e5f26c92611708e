/** The soak in small, once per engine: `npm run soak` is the long one. */
import assert from "node:assert/strict";
import { randomInt } from "node:crypto";
import { test } from "node:test";
import { soak } from "../../bench/soak/run.js";
import { ENGINES } from "../e2e/ops-support/proxy.js";

const REQUESTS = 5000;
const QUIET = { workers: 1, connections: 32, killMs: 0, reloadMs: 0, onProgress: () => {} };

for (const engine of ["io_uring", "epoll", "node"] as const) {
  const skip = ENGINES.includes(engine) ? false : `${engine} cannot run here`;
  test(`${REQUESTS} random requests through ${engine} stay whole and leave nothing behind`, { skip }, async () => {
    const seed = randomInt(2 ** 31);
    const { failures, tally } = await soak({ ...QUIET, engine, seed, requests: REQUESTS });
    assert.deepEqual(failures, [], `seed ${seed}`);
    const { whole = 0, quit = 0, refused = 0 } = tally;
    assert.ok(whole > REQUESTS / 2 && quit > 0 && refused > 0, JSON.stringify(tally));
  });
}
