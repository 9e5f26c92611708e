/** One endpoint as a process of its own, so that it can be killed. Its parent tells it seed and port, and hears of failures. */
import { createEndpoint } from "./endpoint.js";

const [seed, port] = process.argv.slice(2).map(Number);
const server = createEndpoint(seed, (id, text) => process.send?.({ kind: "failure", id, text }));
server.listen(port, "127.0.0.1", 4096, () => {
  const address = server.address();
  process.send?.({ kind: "listening", port: typeof address === "object" ? address?.port : undefined });
});
process.on("disconnect", () => process.exit());
