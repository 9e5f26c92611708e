import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { TICK_MS, Timer, TimerWheel } from "./timer-wheel.js";

/** One round of the wheel; timers may lie any number of rounds ahead. */
const ROUND_MS = 1024 * TICK_MS;

/** A wheel on a clock of its own, and what fired when. */
class Bed {
  now: number;
  readonly wheel: TimerWheel;
  readonly fired: { readonly name: string; readonly at: number }[] = [];

  constructor(now = 1_234_567.89) {
    this.now = now;
    this.wheel = new TimerWheel(now);
  }

  set(name: string, afterMs: number, then: () => void = () => {}): Timer {
    const timer = new Timer(() => {
      this.fired.push({ name, at: this.now });
      then();
    });
    this.wheel.set(timer, this.now + afterMs);
    return timer;
  }

  advance(ms: number): void {
    this.now += ms;
    this.wheel.advance(this.now);
  }

  get names(): string[] {
    return this.fired.map((event) => event.name);
  }
}

/** Advances in steps no longer than a tick until `until`. */
function stepTo(bed: Bed, until: number, stepMs: number): void {
  while (bed.now < until) bed.advance(stepMs);
}

describe("TimerWheel", () => {
  for (const afterMs of [0, 1, 7.9, 8, 8.1, 100, ROUND_MS - 1, ROUND_MS, ROUND_MS + 1, 3.5 * ROUND_MS]) {
    it(`fires a timer of ${afterMs} ms within a tick after it, not before`, () => {
      const bed = new Bed();
      const begin = bed.now;
      bed.set("a", afterMs);
      stepTo(bed, begin + afterMs + 3 * TICK_MS, 0.7);
      assert.equal(bed.fired.length, 1);
      const late = bed.fired[0].at - begin - afterMs;
      // A timer that is due at once waits for the next tick; the clock is read every 0.7 ms.
      assert.ok(late >= 0 && late <= TICK_MS + 0.7, `${late} ms late`);
    });
  }

  it("fires a deadline in the past at the next tick", () => {
    const bed = new Bed();
    bed.set("a", -5000);
    bed.advance(TICK_MS);
    assert.deepEqual(bed.names, ["a"]);
  });

  it("fires everything once after a sleep of many rounds", () => {
    const bed = new Bed();
    for (let i = 0; i < 100; i++) bed.set(`${i}`, (i * 7 * ROUND_MS) / 100);
    bed.advance(8 * ROUND_MS);
    assert.equal(new Set(bed.names).size, 100);
    assert.equal(bed.wheel.size, 0);
    bed.advance(8 * ROUND_MS);
    assert.equal(bed.fired.length, 100);
  });

  it("leaves a timer of a later round alone when its slot comes up", () => {
    const bed = new Bed();
    bed.set("late", 2 * ROUND_MS + 80);
    bed.set("early", 80);
    bed.advance(100);
    assert.deepEqual(bed.names, ["early"]);
    bed.advance(2 * ROUND_MS - 100);
    assert.deepEqual(bed.names, ["early"]);
    bed.advance(100);
    assert.deepEqual(bed.names, ["early", "late"]);
  });

  it("moves a timer that is set again", () => {
    const bed = new Bed();
    const timer = bed.set("a", 20);
    bed.wheel.set(timer, bed.now + 200);
    assert.equal(bed.wheel.size, 1);
    bed.advance(100);
    assert.deepEqual(bed.names, []);
    bed.advance(120);
    assert.deepEqual(bed.names, ["a"]);
  });

  it("forgets a cancelled timer, and cancelling twice or what never was set does nothing", () => {
    const bed = new Bed();
    const timer = bed.set("a", 20);
    const other = bed.set("b", 20);
    assert.equal(timer.pending, true);
    bed.wheel.cancel(timer);
    bed.wheel.cancel(timer);
    bed.wheel.cancel(new Timer(() => {}));
    assert.equal(timer.pending, false);
    assert.equal(bed.wheel.size, 1);
    bed.advance(100);
    assert.deepEqual(bed.names, ["b"]);
    assert.equal(other.pending, false);
  });

  it("lets a timer cancel others that are due at the same time", () => {
    const bed = new Bed();
    const timers: Timer[] = [];
    const cancelAll = (): void => {
      for (const timer of timers) bed.wheel.cancel(timer);
    };
    for (let i = 0; i < 10; i++) timers.push(bed.set(`${i}`, 50, cancelAll));
    bed.advance(100);
    assert.equal(bed.fired.length, 1);
    assert.equal(bed.wheel.size, 0);
  });

  it("lets a timer set itself again, and fires it once per advance at most per tick", () => {
    const bed = new Bed();
    const timer: Timer = bed.set("again", 0, () => bed.wheel.set(timer, bed.now));
    bed.advance(TICK_MS);
    const once = bed.fired.length;
    assert.ok(once >= 1);
    bed.advance(TICK_MS);
    assert.ok(bed.fired.length > once);
    assert.equal(timer.pending, true);
    bed.advance(100 * ROUND_MS);
    assert.equal(bed.wheel.size, 1, "a sleep of any length ends");
  });

  it("lets a timer set another one that is due in the same advance or later", () => {
    const bed = new Bed();
    bed.set("first", 10, () => bed.set("second", 500));
    bed.advance(400);
    assert.deepEqual(bed.names, ["first"]);
    bed.advance(520);
    assert.deepEqual(bed.names, ["first", "second"]);
  });

  it("knows how long nothing will be due", () => {
    const bed = new Bed(0);
    assert.equal(bed.wheel.untilNext(bed.now), -1);
    const far = bed.set("a", 800);
    assert.equal(bed.wheel.untilNext(bed.now), 800);
    bed.set("b", 80);
    assert.equal(bed.wheel.untilNext(bed.now), 80);
    bed.now += 30;
    assert.equal(bed.wheel.untilNext(bed.now), 50);
    bed.advance(50);
    assert.deepEqual(bed.names, ["b"]);
    assert.equal(bed.wheel.untilNext(bed.now), 720);
    bed.now += 5000;
    assert.equal(bed.wheel.untilNext(bed.now), 0, "what is overdue is due now");
    bed.wheel.cancel(far);
    assert.equal(bed.wheel.untilNext(bed.now), -1);
  });

  it("looks one round ahead at most", () => {
    const bed = new Bed(0);
    bed.set("a", 100 * ROUND_MS);
    const wait = bed.wheel.untilNext(0);
    assert.ok(wait > 0 && wait <= ROUND_MS);
  });

  it("fires each timer once, on time, whatever is set, moved and cancelled in between", () => {
    const step = fc.oneof(
      fc.record({
        do: fc.constant("set" as const),
        which: fc.nat(7),
        afterMs: fc.double({ min: 0, max: 3e4, noNaN: true }),
      }),
      fc.record({ do: fc.constant("cancel" as const), which: fc.nat(7) }),
      fc.record({ do: fc.constant("advance" as const), ms: fc.double({ min: 0, max: 2e4, noNaN: true }) }),
      fc.record({ do: fc.constant("sleep" as const) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), fc.double({ min: 0, max: 1e9, noNaN: true }), (steps, origin) => {
        const bed = new Bed(origin);
        const deadlines = new Array<number>(8).fill(Infinity);
        let lastAdvance = origin;
        const timers = deadlines.map((_, i) => {
          return new Timer(() => {
            assert.ok(bed.now >= deadlines[i], "never early");
            assert.ok(deadlines[i] > lastAdvance - 2 * TICK_MS, "not later than the first advance a tick after it");
            deadlines[i] = Infinity;
          });
        });
        for (const s of steps) {
          if (s.do === "set") {
            deadlines[s.which] = bed.now + s.afterMs;
            bed.wheel.set(timers[s.which], deadlines[s.which]);
          } else if (s.do === "cancel") {
            deadlines[s.which] = Infinity;
            bed.wheel.cancel(timers[s.which]);
          } else {
            // As an engine does: sleeps for as long as the wheel says.
            const wait = s.do === "sleep" ? Math.max(0, bed.wheel.untilNext(bed.now)) : s.ms;
            if (s.do === "sleep" && wait > 0) {
              const soonest = Math.min(...deadlines);
              assert.ok(bed.now + wait <= soonest + TICK_MS + 0.001, "sleeps past no deadline by more than a tick");
            }
            bed.advance(wait);
            lastAdvance = bed.now;
          }
          assert.equal(bed.wheel.size, deadlines.filter((d) => d < Infinity).length);
        }
        lastAdvance = -Infinity;
        bed.advance(1e6);
        assert.ok(
          deadlines.every((d) => d === Infinity),
          "all fire in the end",
        );
      }),
    );
  });
});
