/**
 * One of three endpoints takes twenty times as long as the others: what do clients see of it under each policy? Arrivals
 * do not wait for answers, and every proxy sees the same ones.
 */
import { fileURLToPath } from "node:url";
import { freePorts, startChild, untilAccepting } from "../child.js";
import { haproxyWith } from "../peers/haproxy.js";
import { nginxWith } from "../peers/nginx.js";
import { plimsollWith } from "../peers/plimsoll.js";
import { measureOpenLoop } from "./latency.js";
import type { Scenario } from "./scenario.js";

const MEAN_MS = [2, 2, 40];
/** Far from what a machine can do: only the endpoints make anybody wait. */
const RATE = 800;

const policies = ["round-robin", "least-request", "p2c", "peak-ewma", "least-time", "prequal"];

export const slowEndpoint: Scenario = {
  name: "slow-endpoint",
  question: `one of three endpoints 20 times slower (mean ${MEAN_MS.join(", ")} ms), ${RATE} requests/s`,
  protocol: "http",
  bar: "p99Micros",
  peers: undefined,
  roster: [
    haproxyWith("haproxy", "leastconn"),
    nginxWith("nginx", "least_conn"),
    ...policies.map((policy) => plimsollWith(`plimsoll-${policy}`, policy)),
  ],
  fresh: false,
  async startEndpoints() {
    const ports = await freePorts(MEAN_MS.length);
    const script = fileURLToPath(new URL("../load/slow-endpoints.js", import.meta.url));
    const args = ports.map((port, i) => `${port}:${MEAN_MS[i]}`);
    const child = startChild("slow-endpoints", process.execPath, [script, ...args]);
    for (const port of ports) await untilAccepting(child, port);
    return { ports, child };
  },
  async prepare(_peers, { seconds }) {
    return (peer, round) => measureOpenLoop(peer, RATE, seconds, round);
  },
};
