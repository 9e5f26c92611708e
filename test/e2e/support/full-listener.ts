/** An address that answers no connect: its accept queue is full, so the kernel drops what comes. Linux only. */
import { once } from "node:events";
import net from "node:net";

export class FullListener {
  readonly port: number;
  readonly #close: () => void;
  readonly #filler: net.Socket;

  private constructor(port: number, filler: net.Socket, close: () => void) {
    this.port = port;
    this.#filler = filler;
    this.#close = close;
  }

  static async start(): Promise<FullListener> {
    const { bindSocket } = await import("../../../src/engine/native/sockets.js");
    const { close } = await import("../../../src/engine/native/libc.js");
    const { fd, address } = bindSocket({ family: "ip4", host: "127.0.0.1", port: 0 }, 0, false, 0);
    const { port } = address as { port: number };
    // The queue of a backlog of 0 holds one.
    const filler = net.connect({ host: "127.0.0.1", port });
    await once(filler, "connect");
    return new FullListener(port, filler, () => close(fd));
  }

  close(): void {
    this.#filler.destroy();
    this.#close();
  }
}
