/** What the bench knows of a proxy that it measures. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Child, freePorts, startChild, untilAccepting } from "../child.js";

export type Protocol = "http" | "tcp";

export interface Order {
  readonly protocol: Protocol;
  /** Ports on 127.0.0.1 of the endpoints behind the proxy. */
  readonly endpoints: readonly number[];
  /** Where configurations may be written. */
  readonly folder: string;
}

export interface RunningPeer {
  readonly port: number;
  readonly child: Child;
}

export interface Peer {
  readonly name: string;
  readonly protocols: readonly Protocol[];
  /** One worker or thread, forwarding to all endpoints. Throws with the program's own message where it cannot start. */
  start(order: Order): Promise<RunningPeer>;
}

/** A peer that is a program reading one configuration file. */
export function programPeer(
  name: string,
  protocols: readonly Protocol[],
  describe: (
    order: Order,
    port: number,
  ) => {
    readonly text: string;
    readonly extension: string;
    readonly command: string;
    readonly args: readonly string[];
  },
): Peer {
  return {
    name,
    protocols,
    async start(order) {
      const [port] = await freePorts(1);
      const { text, extension, command, args } = describe(order, port);
      const file = join(order.folder, `${name}-${port}.${extension}`);
      writeFileSync(file, text);
      const child = startChild(
        name,
        command,
        args.map((arg) => (arg === "FILE" ? file : arg)),
      );
      await untilAccepting(child, port);
      return { port, child };
    },
  };
}
