/** Mirroring: copies of a route's requests to another cluster. */
import { DEFAULTS } from "../defaults.js";
import { NAME, parseName } from "../parse-text.js";
import { PERCENT, parsePercent } from "../units.js";
import { integer, mapping, quantity, text, tuned } from "./parts.js";

export const mirror = mapping(
  "cluster, percent, max",
  {
    cluster: text(NAME, parseName).describe("Name of the cluster that gets the copies."),
    percent: tuned(quantity(PERCENT, parsePercent), DEFAULTS.mirror.percent, "Share of the requests that are copied."),
    max: tuned(integer(1, 100_000), DEFAULTS.mirror.max, "Most copies under way at once, of this route in one worker."),
  },
  { weight: "write percent", runtime_fraction: "write percent" },
);
