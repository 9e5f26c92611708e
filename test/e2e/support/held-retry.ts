/** A retry that is under way for as long as a test wants: it has its place in the budget meanwhile. */
import { type Deferred, deferred } from "./deferred.js";
import { OK, type Script, type Witness } from "./witness.js";

export interface HeldRetry {
  /** Resolves once the retry has come. */
  readonly held: Promise<void>;
  /** Lets it be answered. */
  readonly release: () => void;
}

/** The first request for a path with `held` in it is reset, its retry is held. All others are reset. */
export function holdRetry(witnesses: readonly Witness[]): HeldRetry {
  const held: Deferred = deferred();
  const released: Deferred = deferred();
  let tries = 0;
  const script: Script = async (wire) => {
    const { startLine } = await wire.read();
    if (!startLine.includes("held") || ++tries === 1) return wire.reset();
    held.resolve();
    await released.promise;
    for (;;) {
      wire.send(OK);
      await wire.read();
    }
  };
  for (const witness of witnesses) {
    witness.clear();
    witness.script = script;
  }
  return { held: held.promise, release: released.resolve };
}
