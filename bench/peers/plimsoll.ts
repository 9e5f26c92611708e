/** Plimsoll itself, once per engine: one worker, everything that is on by default stays on. */
import { join } from "node:path";
import { ROOT } from "../root.js";
import { type Order, type Peer, programPeer } from "./peer.js";

const PROGRAM = process.env.PLIMSOLL_BIN ?? join(ROOT, "bin", "plimsoll.js");

function configuration({ protocol, endpoints }: Order, engine: string, balance: string, port: number): string {
  return `
listeners:
  - address: 127.0.0.1:${port}
    protocol: ${protocol}
${protocol === "http" ? "    routes:\n      - cluster: back" : "    cluster: back"}
clusters:
  back:
    endpoints: [${endpoints.map((endpoint) => `127.0.0.1:${endpoint}`).join(", ")}]
    balance: ${balance}
workers: 1
engine: ${engine}
`;
}

function plimsoll(name: string, engine: string, balance: string): Peer {
  return programPeer(name, ["http", "tcp"], (order, port) => ({
    text: configuration(order, engine, balance, port),
    extension: "yaml",
    command: process.execPath,
    args: [PROGRAM, "run", "FILE"],
  }));
}

/** On the engine that it chooses itself. */
export function plimsollWith(name: string, balance: string): Peer {
  return plimsoll(name, "auto", balance);
}

export const plimsollEngines = ["io_uring", "epoll", "node"].map((engine) =>
  plimsoll(`plimsoll-${engine}`, engine, "round-robin"),
);
