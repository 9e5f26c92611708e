/** For tests to which it does not matter which engine moves the bytes. */
import type { EngineKind } from "../../../src/engine/engine.js";
import { ENGINES } from "../ops-support/proxy.js";

/** The fastest that works here. */
export const ENGINE: EngineKind = ENGINES[0];
