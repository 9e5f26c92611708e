/** Traffic splitting: one route, several clusters. `resolve-traffic.ts` checks what needs more than one key. */
import * as z from "zod";
import { DEFAULTS } from "../defaults.js";
import { FIELD_NAME, NAME, parseName } from "../parse-text.js";
import { HASH_KEY, hashKey } from "./balance.js";
import { parseOpenFieldName } from "./headers.js";
import { integer, list, mapping, oneOrMore, text, tuned } from "./parts.js";

const shares = list(
  mapping(
    "cluster, weight",
    {
      cluster: text(NAME, parseName).describe("Name of the cluster."),
      weight: tuned(integer(0, 1000), DEFAULTS.split.weight, "Its share of the requests; 0 = only by `override`."),
    },
    { name: "write cluster", percent: "write weight: shares are weights over their sum" },
  ),
  "a list of clusters with weights",
);

const override = mapping("header", {
  header: text(FIELD_NAME, parseOpenFieldName).describe(
    "A request header; its value is the name of a cluster of the split.",
  ),
});

/** The list alone, or a mapping where there is more to say. `at` is where the list stands. */
export const split = z.union(
  [
    shares.transform((clusters) => ({ clusters, on: [], override: undefined, at: [] as string[] })),
    mapping("clusters, on, override", {
      clusters: shares.describe("The clusters and their weights."),
      on: oneOrMore(hashKey, HASH_KEY)
        .prefault([])
        .describe("Requests with the same first of these keys go to the same cluster; by default each takes its turn."),
      override: override.optional().describe("Lets a request name its cluster."),
    }).transform((split) => ({ ...split, at: ["clusters"] })),
  ],
  { error: "a list of clusters with weights, or a mapping (clusters, on, override)" },
);
