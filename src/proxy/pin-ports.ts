/**
 * Port 0 lets the system choose. One worker asks it; all others, and whoever takes a dead worker's place, get the port that
 * it chose, so that there is one.
 */
import type { ListenerSpec } from "../model/spec.js";
import type { Named } from "./messages.js";

/** `listeners` with the ports at which those of the same name and host are `bound`. */
export function pinPorts(listeners: readonly ListenerSpec[], bound: readonly Named[]): ListenerSpec[] {
  return listeners.map((listener) => {
    const { address, name } = listener;
    if (address.family === "unix" || address.port !== 0) return listener;
    const own = bound.find((one) => one.name === name)?.address;
    if (own === undefined || own.family === "unix" || own.host !== address.host) return listener;
    return { ...listener, address: own };
  });
}
