/** Plimsoll itself, once per engine: one worker, everything that is on by default stays on. */
import { join } from "node:path";
import { ROOT } from "../root.js";
import { type Order, programPeer } from "./peer.js";

const PROGRAM = process.env.PLIMSOLL_BIN ?? join(ROOT, "bin", "plimsoll.js");

function configuration({ protocol, endpoints }: Order, engine: string, port: number): string {
  return `
listeners:
  - address: 127.0.0.1:${port}
    protocol: ${protocol}
${protocol === "http" ? "    routes:\n      - cluster: back" : "    cluster: back"}
clusters:
  back:
    endpoints: [${endpoints.map((endpoint) => `127.0.0.1:${endpoint}`).join(", ")}]
workers: 1
engine: ${engine}
`;
}

function plimsoll(engine: string) {
  return programPeer(`plimsoll-${engine}`, ["http", "tcp"], (order, port) => ({
    text: configuration(order, engine, port),
    extension: "yaml",
    command: process.execPath,
    args: [PROGRAM, "run", "FILE"],
  }));
}

export const plimsollEngines = [plimsoll("io_uring"), plimsoll("epoll"), plimsoll("node")];
