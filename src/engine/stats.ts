/** An engine's figures at its start. */
import type { EngineStats } from "./engine.js";

export function createStats(): EngineStats {
  return { accepted: 0, connected: 0, acceptPaused: 0, starved: 0, turns: 0, syscalls: 0, open: 0 };
}
