/** Stands in for a connection's handler between accept and the acceptor's answer. */
import type { ConnHandler } from "./engine.js";

export const UNHANDLED: ConnHandler = {
  onOpen() {},
  onData() {},
  onDrain() {},
  onEnd() {},
  onClose() {},
};
