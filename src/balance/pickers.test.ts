/** Laws that every picker keeps; what only one promises stands in that one's own test. */
import type { BalanceName } from "../model/spec.js";
import { pickerContract } from "../testing/picker-contract.js";
import { createBalanceSpec } from "../testing/specs.js";

/** How far shares may be off: chance is so by six standard deviations, hashing as far as its points are uneven. */
const SHARE_TOLERANCE: { readonly [N in BalanceName]: number | undefined } = {
  "round-robin": 0,
  random: 0.13,
  "least-request": 0,
  "least-connections": 0,
  p2c: 0.13,
  "peak-ewma": 0.13,
  "least-time": 0,
  prequal: 0.13,
  "ring-hash": 0.35,
  maglev: 0.1,
  rendezvous: 0.1,
  "source-address": 0.35,
  first: undefined,
};
const HASHING = ["ring-hash", "maglev", "rendezvous", "source-address"] as const;

for (const [name, shareTolerance] of Object.entries(SHARE_TOLERANCE)) {
  pickerContract(name, createBalanceSpec(name as BalanceName), { shareTolerance });
}

for (const name of HASHING) {
  const spec = createBalanceSpec(name, { boundedLoad: 1.25 });
  // Nothing is ever in flight here: each node may then have one, and hashing alone decides.
  pickerContract(`${name} with bounded load`, spec, { shareTolerance: SHARE_TOLERANCE[name] });
}
