/** Closed-loop load by wrk: one thread, and its figures as numbers. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { startChild } from "../child.js";

export interface WrkOrder {
  readonly port: number;
  readonly path: string;
  readonly connections: number;
  readonly seconds: number;
  /** Lua that shapes the request (wrk's scripting interface); empty = GET. */
  readonly script: string;
  readonly folder: string;
}

export interface WrkReport {
  readonly requests: number;
  readonly seconds: number;
  readonly p50Micros: number;
  readonly p99Micros: number;
  /** Failed connects, reads, writes, timeouts and statuses other than 2xx and 3xx. */
  readonly errors: number;
}

const DONE = `
done = function(s, l, r)
  local e = s.errors
  io.write(string.format('REPORT {"requests":%d,"micros":%d,"p50Micros":%d,"p99Micros":%d,"errors":%d}\\n',
    s.requests, s.duration, l:percentile(50), l:percentile(99),
    e.connect + e.read + e.write + e.timeout + e.status))
end
`;

export async function runWrk(order: WrkOrder): Promise<WrkReport> {
  const script = join(order.folder, "wrk.lua");
  writeFileSync(script, order.script + DONE);
  const args = ["-t1", `-c${order.connections}`, `-d${order.seconds}s`, "--timeout", "10s", "-s", script];
  const child = startChild("wrk", "wrk", [...args, `http://127.0.0.1:${order.port}${order.path}`]);
  const code = await child.exited;
  const report = /^REPORT (.*)$/m.exec(child.output());
  if (code !== 0 || report === null) throw new Error(`wrk exited with ${code}: ${child.output().trim()}`);
  const { micros, ...rest } = JSON.parse(report[1]);
  return { ...rest, seconds: micros / 1e6 };
}
