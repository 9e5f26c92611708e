/** HAProxy: one thread, keep-alive on both sides with reuse, X-Forwarded-For, timeouts, no log. */
import { type Order, programPeer } from "./peer.js";

function configuration({ protocol, endpoints }: Order, port: number): string {
  const http = `
  option http-keep-alive
  option forwardfor
  http-reuse always
  timeout http-request 10s
  timeout http-keep-alive 75s`;
  return `
global
  nbthread 1
  maxconn 12000
  # Where fewer descriptors are allowed than maxconn might need: warn and go on.
  no strict-limits
defaults
  mode ${protocol}
  timeout connect 5s
  timeout client 300s
  timeout server 300s${protocol === "http" ? http : ""}
frontend front
  bind 127.0.0.1:${port} backlog 16384
  default_backend back
backend back
  balance roundrobin
${endpoints.map((endpoint, i) => `  server s${i} 127.0.0.1:${endpoint}`).join("\n")}
`;
}

export const haproxy = programPeer("haproxy", ["http", "tcp"], (order, port) => ({
  text: configuration(order, port),
  extension: "cfg",
  command: "haproxy",
  args: ["-db", "-f", "FILE"],
}));
