/** HAProxy: one thread, keep-alive on both sides with reuse, X-Forwarded-For, timeouts, no log. */
import { type Order, type Peer, programPeer } from "./peer.js";

function configuration({ protocol, endpoints }: Order, balance: string, port: number): string {
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
  balance ${balance}
${endpoints.map((endpoint, i) => `  server s${i} 127.0.0.1:${endpoint}`).join("\n")}
`;
}

/** @param balance HAProxy's name of a policy */
export function haproxyWith(name: string, balance: string): Peer {
  return programPeer(name, ["http", "tcp"], (order, port) => ({
    text: configuration(order, balance, port),
    extension: "cfg",
    command: "haproxy",
    args: ["-db", "-f", "FILE"],
  }));
}

export const haproxy = haproxyWith("haproxy", "roundrobin");
