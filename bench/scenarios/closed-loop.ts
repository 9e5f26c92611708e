/** Connections that each send the next request when the answer is there: what a request costs the proxy in CPU time. */
import type { BodyPath } from "../backend.js";
import { cpuMicros, residentBytes } from "../cpu.js";
import { runWrk, type WrkOrder } from "../load/wrk.js";
import type { Protocol } from "../peers/peer.js";
import type { Scenario } from "./scenario.js";

export const CONNECTIONS = 50;
/** More than caches hold, and more than our engines have buffers ready for. */
const MANY_CONNECTIONS = 5000;
/** The first round also compiles the hot paths of the proxies that run on a virtual machine. */
const FIRST_WARM_UP_SECONDS = 4;
const WARM_UP_SECONDS = 1;

function closedLoop(
  name: string,
  question: string,
  protocol: Protocol,
  path: BodyPath,
  script = "",
  connections = CONNECTIONS,
): Scenario {
  return {
    name,
    question,
    protocol,
    bar: "cpuMicros",
    peers: undefined,
    fresh: false,
    async prepare(_peers, { seconds, folder }) {
      return async ({ port, child }, round) => {
        const order: WrkOrder = { port, path, connections, seconds, script, folder };
        await runWrk({ ...order, seconds: round === 0 ? FIRST_WARM_UP_SECONDS : WARM_UP_SECONDS });
        const before = cpuMicros(child.pid);
        const report = await runWrk(order);
        const used = cpuMicros(child.pid) - before;
        return {
          requestsPerSecond: report.requests / report.seconds,
          cpuMicros: used / report.requests,
          p50Micros: report.p50Micros,
          p99Micros: report.p99Micros,
          residentBytes: residentBytes(child.pid),
          errors: report.errors,
        };
      };
    },
  };
}

// wrk itself cannot chunk, but sends whatever bytes "request" returns. 10 KiB as applications write it: chunks of 4 KiB.
const CHUNKED_POST = `
local sizes, body = { 4096, 4096, 2048 }, ""
for _, size in ipairs(sizes) do body = body .. string.format("%x\\r\\n", size) .. string.rep("x", size) .. "\\r\\n" end
local raw = "POST /post HTTP/1.1\\r\\nHost: 127.0.0.1\\r\\nTransfer-Encoding: chunked\\r\\n\\r\\n" .. body .. "0\\r\\n\\r\\n"
request = function() return raw end
`;

const CLOSE = 'wrk.headers["Connection"] = "close"\n';

export const closedLoops: readonly Scenario[] = [
  closedLoop("http1-small", "70-byte responses, keep-alive", "http", "/small"),
  closedLoop("http1-10k", "10 KiB responses, keep-alive", "http", "/10k"),
  closedLoop("http1-1m", "1 MiB responses, keep-alive", "http", "/1m"),
  closedLoop("http1-post-10k", "10 KiB chunked uploads, keep-alive", "http", "/post", CHUNKED_POST),
  closedLoop("http1-close", "a client connection per request, 70-byte responses", "http", "/small", CLOSE),
  closedLoop(
    "http1-many",
    `${MANY_CONNECTIONS} busy connections, 70-byte responses`,
    "http",
    "/small",
    "",
    MANY_CONNECTIONS,
  ),
  closedLoop("tcp-small", "70-byte responses through a TCP listener", "tcp", "/small"),
  closedLoop("tcp-1m", "1 MiB responses through a TCP listener", "tcp", "/1m"),
];
