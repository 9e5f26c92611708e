/** A peer that is a Node program of ours around someone else's proxy: `node FILE.js PORT ENDPOINT,ENDPOINT`. */
import { fileURLToPath } from "node:url";
import { freePorts, startChild, untilAccepting } from "../child.js";
import type { Peer } from "./peer.js";

export function nodePeer(name: string): Peer {
  return {
    name,
    protocols: ["http"],
    async start({ endpoints }) {
      const [port] = await freePorts(1);
      const script = fileURLToPath(new URL(`./${name}.js`, import.meta.url));
      const child = startChild(name, process.execPath, [script, String(port), endpoints.join(",")]);
      await untilAccepting(child, port);
      return { port, child };
    },
  };
}
