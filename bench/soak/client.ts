/**
 * One client connection of the soak: sends batches of pipelined requests as their recipes say, and checks that each
 * response belongs to its request and is whole, or failed in the way it had to.
 */
import { connect, type Socket } from "node:net";
import type { Random } from "../../src/base/random.js";
import { type Framing, type Head, type MessageHandler, MessageReader } from "./message-reader.js";
import { isPayload } from "./payload.js";
import { bodyPieces, cut } from "./pieces.js";
import { endsConnection, isUnsafe, type Recipe, randomOf } from "./recipe.js";
import { Sender } from "./sender.js";

/** How a request came out. */
export type Ending = "whole" | "quit" | "cut short" | "refused" | "lost race" | "unheard" | "killed";

/** What all clients of one process share. */
export interface Load {
  readonly seed: number;
  readonly port: number;
  /** Of the proxy. */
  readonly engine: string;
  /** Endpoints are killed now and then: what was under way there may be lost. */
  readonly kills: boolean;
  next(): Recipe | undefined;
  /** Not sent, or certainly not answered: some other connection does it. */
  putBack(recipe: Recipe): void;
  done(recipe: Recipe, ending: Ending): void;
  fail(recipe: Recipe, text: string): void;
  /** A failure outside any request. */
  stray(text: string): void;
  /** The connection is gone. */
  closed(client: Client): void;
}

const MAX_BATCH = 6;
/** The proxy throws away so much of a body that nobody wants; beyond that its answer may be lost in a reset. */
const UNHEARD_BYTES = 500_000;

export class Client implements MessageHandler {
  /** When something last moved, milliseconds. */
  movedAt = performance.now();
  readonly #load: Load;
  readonly #socket: Socket;
  readonly #sender: Sender;
  readonly #reader = new MessageReader(this);
  /** Sent, in order, and not answered yet. */
  #expected: Recipe[] = [];
  #random: Random;
  #status = 0;
  #received = 0;
  #isError = false;
  /** Body that waits for 100. */
  #withheld: Buffer[] | undefined = undefined;
  /** No further batch. */
  #isLast = false;
  #isOver = false;
  #error = "";

  constructor(load: Load, random: Random) {
    this.#load = load;
    this.#random = random;
    this.#socket = connect({ port: load.port, host: "127.0.0.1", noDelay: true, allowHalfOpen: true });
    this.#sender = new Sender(this.#socket);
    this.#socket.on("connect", () => this.#startBatch());
    this.#socket.on("data", (chunk) => this.#push(chunk));
    this.#socket.on("end", () => this.#onFin());
    this.#socket.on("error", (error) => {
      this.#error = error.message;
    });
    this.#socket.on("close", () => this.#onClose());
  }

  /** What it waits for, in words. */
  describe(): string {
    return `${this.#expected.length} expected, status ${this.#status}, ${this.#received} body bytes, last ${this.#isLast}`;
  }

  /** Nothing moved for too long. */
  stall(): void {
    if (this.#expected.length === 0) this.#load.stray("the proxy did not close a connection that was over");
    else this.#fail(`stalled: ${this.describe()}`);
    this.#socket.destroy();
  }

  onHead({ line, fields }: Head): Framing {
    const recipe = this.#expected[0];
    const match = /^HTTP\/1\.1 (\d{3}) /.exec(line);
    if (match === null) throw new Error(`status line ${JSON.stringify(line)}`);
    if (recipe === undefined) throw new Error(`an answer that nobody asked for: ${line}`);
    this.#status = Number(match[1]);
    this.#received = 0;
    if (this.#status < 200) return this.#onInterim();
    if (recipe.expect) this.#withheld = undefined;
    const code = /details="(\w+)"/.exec(fields.get("proxy-status") ?? "")?.[1];
    this.#isError = this.#status !== recipe.status;
    if (this.#isError && !mayFail(recipe, code, this.#load.kills)) {
      throw new Error(`status ${this.#status} ${code ?? ""}`);
    }
    if (!this.#isError && fields.get("x-soak") !== String(recipe.id)) {
      throw new Error(`the answer of request ${fields.get("x-soak")}`);
    }
    const closes = fields.get("connection")?.includes("close") === true;
    if (closes && !endsConnection(recipe) && !this.#isError) throw new Error("connection: close without need");
    if (closes || recipe.minor === 0) this.#isLast = closes || recipe.responseFraming !== "length" || !recipe.keepAlive;
    return this.#framing(recipe, fields);
  }

  onBody(piece: Uint8Array): void {
    const recipe = this.#expected[0];
    if (!this.#isError && !isPayload(recipe.id, 1, this.#received, piece)) {
      throw new Error(`response body differs within ${this.#received}..${this.#received + piece.length}`);
    }
    this.#received += piece.length;
    if (recipe.client === "quit-response" && this.#received > recipe.share * recipe.responseBytes) this.#quit();
    else if (recipe.clientPauseMs > 0) {
      this.#socket.pause();
      setTimeout(() => this.#socket.resume(), 1 + this.#random.below(recipe.clientPauseMs));
    }
  }

  onTrailers(fields: ReadonlyMap<string, string>): void {
    const recipe = this.#expected[0];
    if (fields.get("x-soak") !== String(recipe.id)) throw new Error(`trailer x-soak: ${fields.get("x-soak")}`);
  }

  onEnd(): void {
    if (this.#status < 200) return;
    const recipe = this.#expected.shift()!;
    if (this.#isError)
      this.#load.done(recipe, recipe.endpoint === "refuse" || recipe.endpoint === "cut" ? "refused" : "lost race");
    else if (recipe.endpoint === "cut" && this.#mayLookWhole(recipe)) this.#load.done(recipe, "cut short");
    else if (recipe.endpoint === "cut") this.#load.fail(recipe, "a cut response came as if it were whole");
    else if (this.#received === (recipe.method === "HEAD" ? 0 : recipe.responseBytes)) this.#load.done(recipe, "whole");
    // A body without framing ends when its sender is killed.
    else if (this.#load.kills && recipe.responseFraming === "close") this.#load.done(recipe, "killed");
    else this.#load.fail(recipe, `response body of ${this.#received} bytes`);
    if (this.#isLast || endsConnection(recipe)) this.#finish();
    else if (this.#expected.length === 0) this.#startBatch();
  }

  /** libuv reports RST that comes with data as an end: then a body without framing cannot be seen to be cut. */
  #mayLookWhole(recipe: Recipe): boolean {
    return recipe.responseFraming === "close" ? this.#load.engine === "node" || recipe.minor === 0 : recipe.minor === 0;
  }

  #onInterim(): Framing {
    if (this.#status === 100 && this.#withheld !== undefined) {
      const body = this.#withheld;
      this.#withheld = undefined;
      this.#sender.send(body, 0, this.#random, () => {});
    }
    return { kind: "none" };
  }

  #framing(recipe: Recipe, fields: ReadonlyMap<string, string>): Framing {
    if (recipe.method === "HEAD" || this.#status === 204 || this.#status === 304) return { kind: "none" };
    const length = fields.get("content-length");
    if (fields.get("transfer-encoding") === "chunked") {
      if (recipe.minor === 0) throw new Error("chunks for HTTP/1.0");
      return { kind: "chunked" };
    }
    if (length !== undefined) return { kind: "length", bytes: Number(length) };
    if (recipe.minor === 1) throw new Error("a body without length");
    this.#isLast = true;
    return { kind: "close" };
  }

  #push(chunk: Buffer): void {
    this.movedAt = performance.now();
    if (this.#isOver) return;
    try {
      this.#reader.push(chunk);
    } catch (error) {
      this.#fail((error as Error).message);
      this.#socket.destroy();
    }
  }

  #startBatch(): void {
    this.movedAt = performance.now();
    const size = this.#random.below(4) === 0 ? 2 + this.#random.below(MAX_BATCH - 1) : 1;
    while (this.#expected.length < size) {
      const recipe = this.#load.next();
      if (recipe === undefined) break;
      // The RST that tells HTTP/1.0 of a cut may take answers with it that are still on their way.
      if (this.#expected.length > 0 && recipe.minor === 0 && recipe.endpoint === "cut") {
        this.#load.putBack(recipe);
        break;
      }
      this.#expected.push(recipe);
      if (endsConnection(recipe)) break;
    }
    const last = this.#expected.at(-1);
    if (last === undefined) {
      this.#finish();
      return;
    }
    const random = randomOf(this.#load.seed, last.id, 1);
    const pieces = this.#expected.flatMap((recipe) => requestPieces(recipe, random));
    if (last.expect) this.#withheld = pieces.splice(pieces.length - bodyCount(last, pieces));
    const isQuitting = last.client === "quit-head" || last.client === "quit-body";
    const cuts = isQuitting ? shorten(pieces, last, random) : cut(pieces, random);
    this.#sender.send(cuts, last.clientPauseMs, random, () => this.#onSent(last, isQuitting));
  }

  #onSent(last: Recipe, isQuitting: boolean): void {
    this.movedAt = performance.now();
    if (isQuitting) this.#quit();
    else if (last.client === "half-close" && this.#withheld === undefined) this.#socket.end();
  }

  /** Goes away as the last recipe says: with RST, or with FIN, and then the proxy must close too. */
  #quit(): void {
    const last = this.#expected.at(-1)!;
    this.#sender.stop();
    this.#settleQuit();
    if (last.rst) this.#socket.resetAndDestroy();
    else if (last.client === "quit-response") this.#socket.destroy();
    else {
      this.#socket.resume();
      this.#socket.end();
    }
  }

  #settleQuit(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    const quitter = this.#expected.pop()!;
    for (const recipe of this.#expected) this.#load.putBack(recipe);
    this.#expected = [];
    this.#load.done(quitter, "quit");
  }

  /** In order: what was not answered is done over elsewhere. */
  #finish(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#sender.stop();
    for (const recipe of this.#expected) this.#load.putBack(recipe);
    this.#expected = [];
    this.#socket.resume();
    this.#socket.end();
  }

  #onFin(): void {
    if (!this.#isOver) {
      if (this.#reader.end() && this.#expected.length === 0) this.#finish();
      else this.#onCut();
    }
    this.#socket.end();
  }

  /** The connection ended within or before a response. */
  #onCut(): void {
    if (this.#isOver) return;
    const recipe = this.#expected.shift();
    if (recipe !== undefined) {
      const began = !this.#reader.isBetween;
      const isHeard = recipe.requestBytes < UNHEARD_BYTES;
      if (recipe.client === "quit-response") this.#load.done(recipe, "quit");
      // To HTTP/1.0 a cut is told by RST, which may overtake the response.
      else if (recipe.endpoint === "cut" && (began || recipe.minor === 0)) this.#load.done(recipe, "cut short");
      else if ((recipe.endpoint === "early" || recipe.endpoint === "refuse") && !isHeard) {
        this.#load.done(recipe, "unheard");
      } else if (this.#load.kills && began) this.#load.done(recipe, "killed");
      else this.#load.fail(recipe, `connection ended (${this.#error || "FIN"}): ${this.describe()}`);
    }
    this.#finish();
  }

  #fail(text: string): void {
    const recipe = this.#expected.shift();
    this.#isOver = true;
    this.#sender.stop();
    if (recipe !== undefined) this.#load.fail(recipe, text);
    for (const other of this.#expected) this.#load.putBack(other);
    this.#expected = [];
  }

  #onClose(): void {
    if (!this.#isOver) this.#onCut();
    this.#load.closed(this);
  }
}

/** 502 where the endpoint caused it, or where it hung up on what cannot be repeated. */
function mayFail(recipe: Recipe, code: string | undefined, kills: boolean): boolean {
  if (recipe.client === "quit-body" || recipe.client === "quit-head") return true;
  if (code === "RESPONSE_TRUNCATED") return recipe.endpoint === "cut";
  const isCaused = recipe.endpoint === "refuse" || recipe.endpoint === "cut";
  // Of several tries one may have met a dead endpoint.
  if (kills && isCaused && code === "CONNECT_REFUSED") return true;
  return code === "UPSTREAM_RESET" && (isCaused || isUnsafe(recipe));
}

function requestPieces(recipe: Recipe, random: Random): Buffer[] {
  const { id, requestBytes } = recipe;
  const chunked = recipe.requestFraming === "chunked";
  const head = requestHead(recipe, random);
  if (recipe.requestFraming === "none") return [head];
  return [head, ...bodyPieces({ id, side: 0, bytes: requestBytes, chunked, trailers: recipe.trailers }, random)];
}

/** How many of the last pieces are the body of `last`: everything behind its head. */
function bodyCount(last: Recipe, pieces: readonly Buffer[]): number {
  const start = Buffer.from(`${last.method} /soak/${last.id} `);
  for (let i = pieces.length - 1; i >= 0; i--) {
    if (pieces[i].subarray(0, start.length).equals(start)) return pieces.length - 1 - i;
  }
  throw new Error("no head among the pieces");
}

/** Up to where the client loses interest: within the last request's header or body. */
function shorten(pieces: readonly Buffer[], last: Recipe, random: Random): Buffer[] {
  const count = bodyCount(last, pieces);
  const before = Buffer.concat(pieces.slice(0, pieces.length - 1 - count));
  const head = pieces[pieces.length - 1 - count];
  const body = Buffer.concat(pieces.slice(pieces.length - count));
  const isInBody = last.client === "quit-body" && body.length > 0;
  const part = isInBody
    ? [head, body.subarray(0, Math.floor(last.share * body.length))]
    : [head.subarray(0, 1 + Math.floor(last.share * (head.length - 2)))];
  return cut([before, ...part], random);
}

function requestHead(recipe: Recipe, random: Random): Buffer {
  const lines = [
    `${recipe.method} /soak/${recipe.id} HTTP/1.${recipe.minor}`,
    "Host: soak.example",
    `X-Soak: ${recipe.id}`,
  ];
  if (random.below(20) === 0) lines.push(`X-Fill: ${"f".repeat(random.below(6000))}`);
  if (recipe.minor === 1 && !recipe.keepAlive) lines.push("Connection: close");
  if (recipe.minor === 0 && recipe.keepAlive) lines.push("Connection: keep-alive");
  if (recipe.expect) lines.push("Expect: 100-continue");
  if (recipe.requestFraming === "chunked") lines.push("Transfer-Encoding: chunked");
  if (recipe.requestFraming === "length") lines.push(`Content-Length: ${recipe.requestBytes}`);
  return Buffer.from(`${lines.join("\r\n")}\r\n\r\n`);
}
