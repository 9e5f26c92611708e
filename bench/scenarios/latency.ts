/**
 * Requests arrive by a schedule that does not wait for answers, at half of what the slowest of the proxies can do: how
 * long does a request take, counted from when it was due (so that a stall costs every request that it delays).
 */
import { fileURLToPath } from "node:url";
import { startChild } from "../child.js";
import { cpuMicros, residentBytes } from "../cpu.js";
import type { Sample } from "../figures.js";
import { runWrk } from "../load/wrk.js";
import type { RunningPeer } from "../peers/peer.js";
import { CONNECTIONS } from "./closed-loop.js";
import type { Scenario } from "./scenario.js";

const CALIBRATION_SECONDS = 4;

/** One round of the open loop. The seed is the round's: within a round every proxy sees the same arrivals. */
export async function measureOpenLoop(
  { port, child }: RunningPeer,
  rate: number,
  seconds: number,
  round: number,
): Promise<Sample> {
  const script = fileURLToPath(new URL("../load/open-loop.js", import.meta.url));
  const args = [port, rate, seconds, round + 1].map(String);
  const before = cpuMicros(child.pid);
  const generator = startChild("open-loop", process.execPath, [script, ...args]);
  if ((await generator.exited) !== 0) throw new Error(generator.output().trim());
  const used = cpuMicros(child.pid) - before;
  const { sent, ...figures } = JSON.parse(generator.output());
  return { ...figures, requestsPerSecond: rate, cpuMicros: used / sent, residentBytes: residentBytes(child.pid) };
}

export const latency: Scenario = {
  name: "latency",
  question: "open loop at half of the slowest proxy's maximum, 70-byte responses",
  protocol: "http",
  bar: "p99Micros",
  peers: ["haproxy", "nginx", "plimsoll-io_uring", "plimsoll-epoll"],
  fresh: false,
  async prepare(peers, { seconds, folder }) {
    let slowest = Number.POSITIVE_INFINITY;
    for (const { port } of peers) {
      const order = {
        port,
        path: "/small",
        connections: CONNECTIONS,
        seconds: CALIBRATION_SECONDS,
        script: "",
        folder,
      };
      const { requests, seconds: took } = await runWrk(order);
      slowest = Math.min(slowest, requests / took);
    }
    const rate = Math.floor(slowest / 2);
    return (peer, round) => measureOpenLoop(peer, rate, seconds, round);
  },
};
