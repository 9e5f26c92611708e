/** All scenarios, in the order in which they run. */
import { closedLoops } from "./closed-loop.js";
import { idle } from "./idle.js";
import { latency } from "./latency.js";
import type { Scenario } from "./scenario.js";
import { slowEndpoint } from "./slow-endpoint.js";

export const SCENARIOS: readonly Scenario[] = [...closedLoops, idle, latency, slowEndpoint];
