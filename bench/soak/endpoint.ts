/** An endpoint of the soak: answers each request as its recipe says, and checks that it arrived whole. */
import { createServer, type Server, type Socket } from "node:net";
import type { Random } from "../../src/base/random.js";
import { type Framing, type Head, type MessageHandler, MessageReader } from "./message-reader.js";
import { isPayload } from "./payload.js";
import { bodyPieces, cut } from "./pieces.js";
import { createRecipe, type Recipe, randomOf } from "./recipe.js";
import { Sender } from "./sender.js";

export type Fail = (id: number, text: string) => void;

const REASON: Readonly<Record<number, string>> = { 200: "OK", 204: "No Content", 304: "Not Modified" };
const NOBODY = -1;

export function createEndpoint(seed: number, fail: Fail): Server {
  return createServer({ allowHalfOpen: true, noDelay: true }, (socket) => new EndpointConn(socket, seed, fail));
}

class EndpointConn implements MessageHandler {
  readonly #socket: Socket;
  readonly #seed: number;
  readonly #fail: Fail;
  readonly #reader = new MessageReader(this);
  readonly #sender: Sender;
  #recipe: Recipe | undefined = undefined;
  #random: Random | undefined = undefined;
  #received = 0;
  /** The request is complete; its response is. */
  #isRead = true;
  #isAnswered = true;

  constructor(socket: Socket, seed: number, fail: Fail) {
    this.#socket = socket;
    this.#seed = seed;
    this.#fail = fail;
    this.#sender = new Sender(socket);
    socket.on("data", (chunk) => this.#push(chunk));
    socket.on("end", () => socket.end());
    // The proxy may go away at any time: what it must not lose is checked where the response arrives.
    socket.on("error", () => {});
  }

  onHead({ line, fields }: Head): Framing {
    const match = /^([A-Z]+) \/soak\/(\d+) HTTP\/1\.1$/.exec(line);
    if (match === null) throw new Error(`request line ${JSON.stringify(line)}`);
    if (!this.#isRead || !this.#isAnswered) throw new Error(`${line} before the end of request ${this.#recipe?.id}`);
    const recipe = createRecipe(this.#seed, Number(match[2]));
    this.#recipe = recipe;
    this.#random = randomOf(this.#seed, recipe.id, 2);
    this.#received = 0;
    this.#isRead = false;
    this.#isAnswered = false;
    if (match[1] !== recipe.method) throw new Error(`method ${match[1]}`);
    if (fields.get("x-soak") !== match[2]) throw new Error(`x-soak: ${fields.get("x-soak")}`);
    if (recipe.endpoint === "early") this.#answer();
    else if (fields.get("expect") === "100-continue") this.#socket.write("HTTP/1.1 100 Continue\r\n\r\n");
    return this.#framing(recipe, fields);
  }

  onBody(piece: Uint8Array): void {
    const recipe = this.#recipe!;
    if (!isPayload(recipe.id, 0, this.#received, piece)) {
      throw new Error(`request body differs within ${this.#received}..${this.#received + piece.length}`);
    }
    this.#received += piece.length;
    if (recipe.endpoint === "refuse" && this.#received > recipe.share * recipe.requestBytes) this.#leave();
  }

  onTrailers(fields: ReadonlyMap<string, string>): void {
    const { id } = this.#recipe!;
    if (fields.get("x-soak") !== String(id)) throw new Error(`trailer x-soak: ${fields.get("x-soak")}`);
  }

  onEnd(): void {
    const recipe = this.#recipe!;
    this.#isRead = true;
    if (this.#received !== recipe.requestBytes) {
      throw new Error(`request body of ${this.#received} bytes, sent were ${recipe.requestBytes}`);
    }
    if (recipe.endpoint === "refuse") this.#leave();
    else if (recipe.endpoint !== "early") this.#answer();
  }

  #push(chunk: Buffer): void {
    if (this.#socket.destroyed) return;
    try {
      this.#reader.push(chunk);
    } catch (error) {
      this.#fail(this.#recipe?.id ?? NOBODY, `endpoint: ${(error as Error).message}`);
      this.#socket.destroy();
    }
  }

  #framing(recipe: Recipe, fields: ReadonlyMap<string, string>): Framing {
    const length = fields.get("content-length");
    if (fields.get("transfer-encoding") === "chunked") {
      if (recipe.requestFraming !== "chunked" || length !== undefined) throw new Error("request came chunked");
      return { kind: "chunked" };
    }
    if (recipe.requestFraming === "chunked") throw new Error("request came without chunks");
    if (length === undefined && recipe.requestBytes > 0) throw new Error("request came without length");
    return { kind: "length", bytes: Number(length ?? 0) };
  }

  #answer(): void {
    const recipe = this.#recipe!;
    const random = this.#random!;
    const { id, responseBytes, responseFraming } = recipe;
    const hasBody = recipe.status === 200 && recipe.method !== "HEAD";
    const isCut = recipe.endpoint === "cut";
    const pieces = [responseHead(recipe, random)];
    if (hasBody) {
      const chunked = responseFraming === "chunked";
      const plan = { id, side: 1, bytes: responseBytes, chunked, trailers: recipe.trailers };
      const until = isCut ? Math.floor(recipe.share * responseBytes) : undefined;
      pieces.push(...bodyPieces(until === undefined ? plan : { ...plan, until }, random));
    }
    this.#sender.send(cut(pieces, random), recipe.endpointPauseMs, random, () => this.#onAnswered(recipe));
  }

  #onAnswered(recipe: Recipe): void {
    this.#isAnswered = true;
    if (recipe.endpoint === "cut") this.#leave();
    else if (recipe.endpoint === "announce" || recipe.endpoint === "hang-up" || isClosing(recipe)) this.#socket.end();
  }

  /** Goes away before everything is said. Without framing only RST says that something is missing. */
  #leave(): void {
    const { rst, endpoint, responseFraming } = this.#recipe!;
    this.#sender.stop();
    if (rst || (endpoint === "cut" && responseFraming === "close")) this.#socket.resetAndDestroy();
    else this.#socket.end(() => this.#socket.destroy());
  }
}

function isClosing(recipe: Recipe): boolean {
  return recipe.responseFraming === "close";
}

function responseHead(recipe: Recipe, random: Random): Buffer {
  const { id, status, responseFraming } = recipe;
  const lines = [`HTTP/1.1 ${status} ${REASON[status]}`, `X-Soak: ${id}`];
  if (recipe.interim) lines.unshift("HTTP/1.1 103 Early Hints", `X-Soak: ${id}`, "");
  if (random.below(20) === 0) lines.push(`X-Fill: ${"f".repeat(random.below(6000))}`);
  if (recipe.endpoint === "announce" || isClosing(recipe)) lines.push("Connection: close");
  if (status === 200 && responseFraming === "chunked") lines.push("Transfer-Encoding: chunked");
  if (status === 200 && responseFraming === "length") lines.push(`Content-Length: ${recipe.responseBytes}`);
  return Buffer.from(`${lines.join("\r\n")}\r\n\r\n`);
}
