/**
 * `node slow-endpoints.js PORT:MS ...`: endpoints that take so long for each request, drawn from an exponential
 * distribution, and then answer like the bench's usual backend. Waiting costs them nothing: what is measured is only whom
 * a proxy chooses.
 */
import { createServer } from "node:http";
import { createRandom } from "../../src/base/random.js";
import { BODIES } from "../backend.js";

const body = "x".repeat(BODIES["/small"]);
const random = createRandom(1);

for (const endpoint of process.argv.slice(2)) {
  const [port, meanMs] = endpoint.split(":").map(Number);
  const server = createServer((_request, response) => {
    const took = -Math.log((random.next() + 1) / 0x1_0000_0001) * meanMs;
    setTimeout(() => response.end(body), took);
  });
  server.keepAliveTimeout = 3_600_000;
  server.listen(port, "127.0.0.1", 16_384);
}
