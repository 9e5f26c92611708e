/** The source of a cluster's endpoints that its spec asks for. */
import type { Clock } from "../../base/clock.js";
import type { Random } from "../../base/random.js";
import type { DiscoverySpec } from "../../model/spec.js";
import type { ParseEndpoints, StartSource } from "../source.js";
import { startDnsSource } from "./dns-source.js";
import { startFileSource } from "./file-source.js";

export interface SourceTools {
  readonly clock: Clock;
  readonly random: Random;
  readonly parse: ParseEndpoints;
}

export function createSource(spec: DiscoverySpec, tools: SourceTools): StartSource {
  switch (spec.kind) {
    case "file":
      return (found) => startFileSource({ path: spec.path, ...tools }, found);
    case "dns":
      return (found) => startDnsSource({ spec, ...tools }, found);
  }
}
