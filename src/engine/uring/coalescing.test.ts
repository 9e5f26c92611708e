import assert from "node:assert/strict";
import { test } from "node:test";
import { createRandom } from "../../base/random.js";
import { Coalescing } from "./coalescing.js";

/**
 * Turns of 100 µs in which the thread has something to do for `busy` of the time.
 * @param cameFor how many of so many wanted completions come in time
 */
function run(coalescing: Coalescing, clock: Clock, turns: number, busy: number, cameFor: (wanted: number) => number) {
  let longest = 0;
  for (let i = 0; i < turns; i++) {
    clock.now += 0.1;
    clock.busy += 0.1 * busy;
    const wanted = coalescing.wanted(0);
    coalescing.onTurn(wanted, cameFor(wanted), clock.now);
    longest = Math.max(longest, coalescing.waitUs);
  }
  return longest;
}

class Clock {
  now = 0;
  busy = 0;
}

function createFixture() {
  const clock = new Clock();
  return { clock, coalescing: new Coalescing(() => clock.busy, 0) };
}

const ALL = (wanted: number) => wanted;

test("an engine with time to spare takes what comes at once", () => {
  const { clock, coalescing } = createFixture();
  for (const busy of [0, 0.3, 0.69]) assert.equal(run(coalescing, clock, 10_000, busy, ALL), 0);
});

test("the busier it is the longer it waits, up to a bound, and no longer once it has time again", () => {
  const { clock, coalescing } = createFixture();
  const waits = [0.72, 0.75, 0.77].map((busy) => {
    run(coalescing, clock, 10_000, busy, ALL);
    return coalescing.waitUs;
  });
  assert.deepEqual(waits, [80, 200, 280]);
  assert.equal(run(coalescing, clock, 10_000, 1, ALL), 400);
  run(coalescing, clock, 10_000, 0.1, ALL);
  assert.equal(coalescing.waitUs, 0);
});

test("it waits for about as many as come", () => {
  const { clock, coalescing } = createFixture();
  for (const most of [6, 12, 3]) {
    run(coalescing, clock, 1000, 0.9, (wanted) => Math.min(wanted, most));
    let sum = 0;
    for (let i = 0; i < 1000; i++) {
      run(coalescing, clock, 1, 0.9, (wanted) => Math.min(wanted, most));
      sum += coalescing.company;
    }
    assert.ok(sum / 1000 > most * 0.7 && sum / 1000 <= most + 1, `${sum / 1000} for ${most}`);
  }
  run(coalescing, clock, 1000, 0.9, ALL);
  assert.equal(coalescing.company, 16);
});

test("where nobody comes it rarely waits", () => {
  const { clock, coalescing } = createFixture();
  run(coalescing, clock, 1000, 0.9, () => 0);
  let waits = 0;
  for (let i = 0; i < 6500; i++) {
    run(coalescing, clock, 1, 0.9, () => 0);
    if (coalescing.waitUs > 0) waits++;
  }
  assert.ok(waits > 0 && waits <= 100, `${waits} of 6500 turns`);
});

test("whatever comes, waits and counts stay within their bounds", () => {
  const seed = Math.floor(Math.random() * 2 ** 31);
  const random = createRandom(seed);
  const { clock, coalescing } = createFixture();
  for (let i = 0; i < 20_000; i++) {
    run(coalescing, clock, 1, random.below(101) / 100, (wanted) => random.below(wanted * 2 + 1));
    const { company, waitUs } = coalescing;
    assert.ok(company >= 1 && company <= 16 && waitUs >= 0 && waitUs <= 400, `seed ${seed}: ${company}, ${waitUs}`);
  }
});

test("what completes at once is waited for besides, but no turn takes in thousands of messages", () => {
  const { clock, coalescing } = createFixture();
  assert.equal(coalescing.wanted(5000), 1);
  run(coalescing, clock, 10_000, 1, ALL);
  assert.equal(coalescing.wanted(10), 26);
  assert.equal(coalescing.wanted(5000), 32);
});
