/** One end of a TCP connection that a test drives byte by byte: it records everything and waits for what it expects. */
import assert from "node:assert/strict";
import type net from "node:net";
import { type Message, type Reading, readMessage, status } from "./message.js";

const PATIENCE_MS = 5000;

export class Wire {
  readonly socket: net.Socket;
  /** Everything received, one character per byte. */
  received = "";
  /** How the peer ended its direction. */
  ending: "fin" | "reset" | undefined = undefined;
  closed = false;
  /** Of `received`, what `read` has taken. */
  taken = 0;
  #wake: (() => void)[] = [];

  constructor(socket: net.Socket) {
    this.socket = socket;
    socket.setNoDelay();
    socket.on("data", (chunk: Buffer) => {
      this.received += chunk.toString("latin1");
      this.#changed();
    });
    socket.on("end", () => {
      this.ending ??= "fin";
      this.#changed();
    });
    socket.on("error", () => {
      this.ending = "reset";
      this.#changed();
    });
    socket.on("close", () => {
      this.closed = true;
      this.ending ??= "reset";
      this.#changed();
    });
  }

  /** What `read` has not taken. */
  get rest(): string {
    return this.received.slice(this.taken);
  }

  /** Resolves with the first value of `look` that is neither undefined nor false; looks again after every event. */
  async until<T>(what: string, look: () => T | undefined | false): Promise<T> {
    const late = AbortSignal.timeout(PATIENCE_MS);
    for (;;) {
      const value = look();
      if (value !== undefined && value !== false) return value;
      const context = `received ${JSON.stringify(this.received.slice(-400))}, ending ${this.ending}`;
      assert.ok(!late.aborted, `${what} within ${PATIENCE_MS} ms: ${context}`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, PATIENCE_MS + 10);
        this.#wake.push(() => {
          clearTimeout(timer);
          resolve();
        });
      });
    }
  }

  /** The next message. Rejects where the peer ends before it is complete. */
  read(reading: Reading = {}): Promise<Message> {
    return this.until("a message", () => {
      const message = readMessage(this.rest, { ...reading, ended: this.ending === "fin" });
      if (message !== undefined) this.taken += message.size;
      else
        assert.equal(this.ending, undefined, `the connection ended within ${JSON.stringify(this.rest.slice(0, 400))}`);
      return message;
    });
  }

  /** The next final response. */
  async response(reading: Reading = {}): Promise<Message> {
    for (;;) {
      const message = await this.read(reading);
      if (status(message) >= 200 || status(message) === 101) return message;
    }
  }

  /** How the peer ended its direction. */
  ended(): Promise<"fin" | "reset"> {
    return this.until("the end", () => this.ending);
  }

  send(text: string | Buffer): void {
    this.socket.write(typeof text === "string" ? Buffer.from(text, "latin1") : text);
  }

  /** Sends each part in a segment of its own. */
  async sendApart(...parts: readonly (string | Buffer)[]): Promise<void> {
    for (const part of parts) {
      await new Promise<void>((resolve) => {
        this.socket.write(typeof part === "string" ? Buffer.from(part, "latin1") : part, () => resolve());
      });
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  /** FIN after everything that was sent. */
  end(text = ""): void {
    this.socket.end(Buffer.from(text, "latin1"));
  }

  reset(): void {
    this.socket.resetAndDestroy();
  }

  destroy(): void {
    this.socket.destroy();
  }

  #changed(): void {
    const wake = this.#wake;
    this.#wake = [];
    for (const one of wake) one();
  }
}
