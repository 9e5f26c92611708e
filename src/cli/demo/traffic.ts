/** A little traffic through the demo's listeners, so that there is something to see. */
import { Agent, request } from "node:http";

export interface TrafficPorts {
  readonly http: number;
  readonly tcp: number;
}

/** Roughly how often a request is made. */
const EVERY_MS = 100;
/** Every so many requests one goes through the TCP listener. */
const TCP_EVERY = 10;

/** @returns stops it; requests under way are cut */
export function startTraffic({ http, tcp }: TrafficPorts): () => void {
  const agent = new Agent({ keepAlive: true });
  let count = 0;
  const timer = setInterval(() => {
    const throughTcp = ++count % TCP_EVERY === 0;
    const outgoing = request({
      host: "127.0.0.1",
      port: throughTcp ? tcp : http,
      path: `/demo/${count}`,
      // A connection to the TCP listener stays with one endpoint: a new one each time shows the balancing.
      agent: throughTcp ? false : agent,
    });
    outgoing.on("response", (response) => response.resume());
    // Failures are what the view shows: the proxy counts them.
    outgoing.on("error", () => {});
    outgoing.end();
  }, EVERY_MS);
  return () => {
    clearInterval(timer);
    agent.destroy();
  };
}
