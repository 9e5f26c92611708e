/**
 * The contract of `engine/engine.ts` as one suite, run by every engine. Each test starts the engine in a thread of its
 * own, drives it with `net` sockets, and ends by checking that no buffer, connection or descriptor is left.
 */
import { test } from "node:test";
import { chaosContract } from "./engine/chaos.js";
import { closingContract } from "./engine/closing.js";
import { connectingContract } from "./engine/connecting.js";
import { endingContract } from "./engine/ending.js";
import { exhaustionContract } from "./engine/exhaustion.js";
import { lifecycleContract } from "./engine/lifecycle.js";
import { pressureContract } from "./engine/pressure.js";
import { transferContract } from "./engine/transfer.js";
import { createEngine, type EngineVariant } from "./engine/variant.js";

/** Registers the whole suite for one variant of engine; where it cannot run here, one skipped test says why. */
export async function engineContract(kind: EngineVariant): Promise<void> {
  const unavailable = await whyUnavailable(kind);
  if (unavailable !== undefined) {
    test(`${kind} engine`, { skip: unavailable }, () => {});
    return;
  }
  transferContract(kind);
  connectingContract(kind);
  endingContract(kind);
  closingContract(kind);
  pressureContract(kind);
  lifecycleContract(kind);
  exhaustionContract(kind);
  chaosContract(kind);
}

async function whyUnavailable(kind: EngineVariant): Promise<string | undefined> {
  const options = { highWaterBytes: 1, lowWaterBytes: 0, backlog: 1, reusePort: false };
  try {
    const engine = await createEngine(kind, 1, options);
    engine.stop();
    engine.run();
    return undefined;
  } catch (error) {
    return String(error);
  }
}
