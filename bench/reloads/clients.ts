/** Clients that notice when something is lost: requests at a steady rate, downloads and WebSockets that last. */
import http from "node:http";
import { WebSocket } from "ws";
import { DOWNLOAD_BYTES_A_SECOND } from "./endpoint.js";

const TICK_MS = 10;

/** Requests at a rate that does not wait for answers; what is not a whole 200 is a failure. */
export class SteadyLoad {
  sent = 0;
  answered = 0;
  readonly failures: string[] = [];
  readonly #agent = new http.Agent({ keepAlive: true, maxSockets: 64 });
  readonly #timer: NodeJS.Timeout;
  readonly #startedAt = performance.now();
  #onDone: () => void = () => {};

  constructor(port: number, perSecond: number) {
    this.#timer = setInterval(() => {
      // By the clock: a tick that comes late sends what is due.
      const due = ((performance.now() - this.#startedAt) / 1000) * perSecond;
      while (this.sent < due) this.#send(port);
    }, TICK_MS);
  }

  /** Resolves when everything that was sent has ended. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    if (this.answered + this.failures.length < this.sent) {
      await new Promise<void>((resolve) => {
        this.#onDone = resolve;
      });
    }
    this.#agent.destroy();
  }

  #send(port: number): void {
    this.sent++;
    const request = http.get({ host: "127.0.0.1", port, agent: this.#agent }, (response) => {
      response.resume();
      response.on("end", () => this.#end(response.statusCode === 200 ? undefined : `status ${response.statusCode}`));
      response.on("error", (error) => this.#end(error.message));
    });
    request.on("error", (error) => this.#end(error.message));
  }

  #end(failure: string | undefined): void {
    if (failure === undefined) this.answered++;
    else this.failures.push(failure);
    if (this.answered + this.failures.length === this.sent) this.#onDone();
  }
}

/** Resolves with what was wrong: undefined for a download that came whole. */
export function download(port: number, seconds: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const path = `/download/${seconds}`;
    const request = http.get({ host: "127.0.0.1", port, path, agent: false }, (response) => {
      let received = 0;
      response.on("data", (piece: Buffer) => {
        received += piece.length;
      });
      response.on("error", (error) => resolve(`cut after ${received} bytes: ${error.message}`));
      const wanted = seconds * DOWNLOAD_BYTES_A_SECOND;
      response.on("end", () => resolve(received === wanted ? undefined : `${received} of ${wanted} bytes`));
    });
    request.on("error", (error) => resolve(error.message));
  });
}

/** A WebSocket on which every message has to come back. */
export class Talk {
  echoes = 0;
  readonly #socket: WebSocket;
  readonly #timer: NodeJS.Timeout;
  #sent = 0;
  #problem: string | undefined = undefined;
  #isOver = false;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on("message", (message) => {
      if (String(message) !== `message ${this.echoes}`) this.#problem ??= `got ${message}, not message ${this.echoes}`;
      this.echoes++;
    });
    socket.on("close", (code) => {
      if (!this.#isOver) this.#problem ??= `cut with ${code} after ${this.echoes} messages`;
    });
    this.#timer = setInterval(() => socket.send(`message ${this.#sent++}`), 5 * TICK_MS);
  }

  static begin(port: number): Promise<Talk> {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/`);
    return new Promise((resolve, reject) => {
      socket.on("open", () => resolve(new Talk(socket)));
      socket.on("error", reject);
    });
  }

  /** Resolves with what was wrong: undefined where every message came back. */
  async end(): Promise<string | undefined> {
    clearInterval(this.#timer);
    const until = performance.now() + 5000;
    while (this.echoes < this.#sent && this.#problem === undefined && performance.now() < until) {
      await new Promise((resolve) => setTimeout(resolve, TICK_MS));
    }
    this.#isOver = true;
    this.#socket.terminate();
    return (
      this.#problem ?? (this.echoes < this.#sent ? `${this.#sent - this.echoes} messages did not come back` : undefined)
    );
  }
}
