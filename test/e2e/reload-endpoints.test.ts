/** Reloads that add, remove and reweight endpoints, in small: `npm run reloads` is the long one. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { runReloads } from "../../bench/reloads/run.js";
import { ENGINES } from "./ops-support/proxy.js";

const RELOADS = 20;

test(`${RELOADS} reloads under load fail no request and cut no download and no WebSocket`, async () => {
  const report = await runReloads({
    engine: ENGINES[0],
    workers: 1,
    reloads: RELOADS,
    pauseMs: 50,
    perSecond: 400,
    lasting: 4,
    downloadSeconds: 8,
  });
  assert.deepEqual(report.failed, []);
  assert.deepEqual(report.cut, []);
  assert.deepEqual(report.complaints, []);
  assert.equal(report.changes.length, RELOADS);
  assert.match(report.changes[1], /1 endpoint removed, 1 endpoint added, \d endpoints? changed/);
  assert.ok(report.requests > 400 && report.echoes > 4 * 20, `${report.requests} requests, ${report.echoes} echoes`);
});
