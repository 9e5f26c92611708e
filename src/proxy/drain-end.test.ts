import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { TICK_MS, TimerWheel } from "../base/timer-wheel.js";
import { watchDrainEnd } from "./drain-end.js";

/** A worker that drains for at most a second, on a clock of its own. */
class Bed {
  connections: number;
  onConnectionEnd: () => void = () => {};
  now = 5000;
  done = 0;
  readonly #timers = new TimerWheel(this.now);

  constructor(connections: number) {
    this.connections = connections;
    watchDrainEnd(
      this,
      this.#timers,
      () => this.now,
      1000,
      () => this.done++,
    );
  }

  end(): void {
    this.connections--;
    this.onConnectionEnd();
  }

  advance(ms: number): void {
    this.now += ms;
    this.#timers.advance(this.now);
  }
}

describe("the end of a drain", () => {
  it("is the turn after the one in which the last connection ended", () => {
    const bed = new Bed(2);
    bed.end();
    bed.advance(2 * TICK_MS);
    assert.equal(bed.done, 0);
    bed.end();
    assert.equal(bed.done, 0, "what the connection was doing is not counted yet");
    bed.advance(2 * TICK_MS);
    assert.equal(bed.done, 1);
  });

  it("comes at once where nobody is connected", () => {
    const bed = new Bed(0);
    bed.advance(2 * TICK_MS);
    assert.equal(bed.done, 1);
  });

  it("waits for a connection that was accepted in the same turn", () => {
    const bed = new Bed(1);
    bed.end();
    bed.connections++;
    bed.advance(2 * TICK_MS);
    assert.equal(bed.done, 0);
    bed.end();
    bed.advance(2 * TICK_MS);
    assert.equal(bed.done, 1);
  });

  it("comes after the deadline whatever is left, and only once", () => {
    const bed = new Bed(1);
    bed.advance(1000);
    assert.equal(bed.done, 0, "what is left is aborted now");
    bed.advance(4 * TICK_MS);
    assert.equal(bed.done, 1);
    bed.end();
    bed.advance(4 * TICK_MS);
    assert.equal(bed.done, 1);
  });
});
