/**
 * What happens to one request of a soak run, decided by the run's seed and the request's number alone: clients and
 * endpoints work it out independently, so nothing has to be told, and a failure can be described in full.
 */
import { createRandom, type Random } from "../../src/base/random.js";

export type Method = "GET" | "HEAD" | "POST" | "PUT" | "DELETE" | "PATCH";
export type RequestFraming = "none" | "length" | "chunked";
export type ResponseFraming = "length" | "chunked" | "close";

/**
 * What the client does. `half-close`: sends FIN after its request and still wants the answer. `quit-*`: goes away within
 * its header, its body, or the response.
 */
export type ClientFate = "finish" | "half-close" | "quit-head" | "quit-body" | "quit-response";

/**
 * What the endpoint does. `early`: answers before it has read the body. `refuse`: closes without an answer. `cut`: closes
 * within the response. `announce`: closes after the response and says so; `hang-up`: does not say so.
 */
export type EndpointFate = "answer" | "early" | "refuse" | "cut" | "announce" | "hang-up";

export interface Recipe {
  readonly id: number;
  readonly method: Method;
  /** The minor version that the client speaks. */
  readonly minor: 0 | 1;
  readonly keepAlive: boolean;
  readonly requestFraming: RequestFraming;
  readonly requestBytes: number;
  /** Waits for 100 before the body. */
  readonly expect: boolean;
  readonly client: ClientFate;
  readonly endpoint: EndpointFate;
  readonly status: number;
  readonly responseFraming: ResponseFraming;
  readonly responseBytes: number;
  readonly trailers: boolean;
  /** 103 before the response. */
  readonly interim: boolean;
  /** Where somebody stops, as a share of what there is. */
  readonly share: number;
  /** RST rather than FIN. */
  readonly rst: boolean;
  /** Longest pause of each side between two pieces of what it sends, milliseconds; 0 = none. */
  readonly clientPauseMs: number;
  readonly endpointPauseMs: number;
}

/** Out of 1000 requests. */
const CLIENT_FATES: readonly (readonly [ClientFate, number])[] = [
  ["half-close", 10],
  ["quit-head", 10],
  ["quit-body", 15],
  ["quit-response", 15],
];
const ENDPOINT_FATES: readonly (readonly [EndpointFate, number])[] = [
  ["early", 15],
  ["refuse", 10],
  ["cut", 15],
  ["announce", 30],
  ["hang-up", 10],
];
const MAX_BYTES = 2 << 20;

/** Chance for pieces, cuts and pauses of one side of request `id`. */
export function randomOf(seed: number, id: number, side: number): Random {
  return createRandom(Math.imul(seed ^ Math.imul(id + 1, 0x9e3779b1), 0x85ebca6b) + side);
}

export function createRecipe(seed: number, id: number): Recipe {
  const random = randomOf(seed, id, 0);
  const chance = (perMille: number): boolean => random.below(1000) < perMille;
  const minor = chance(50) ? 0 : 1;
  let method = chooseMethod(random);
  const hasBody = method === "POST" || method === "PUT" || method === "PATCH" || (method === "DELETE" && chance(100));
  const requestBytes = hasBody ? chooseBytes(random) : 0;
  const isChunked = chance(400);
  const requestFraming = hasBody ? (isChunked && minor === 1 ? "chunked" : "length") : "none";
  const client = chooseFate(random, CLIENT_FATES, "finish");
  let endpoint = chooseFate(random, ENDPOINT_FATES, "answer");
  if (client !== "finish" && client !== "half-close") endpoint = "answer";
  let responseBytes = chooseBytes(random);
  // Only what is cut in the middle can be seen to be cut.
  if (endpoint === "cut" || client === "quit-response") {
    if (method === "HEAD") method = "GET";
    responseBytes = Math.max(2, responseBytes);
  }
  const isPlain = endpoint === "cut" || client === "quit-response" || !chance(30);
  const status = isPlain ? 200 : chance(500) ? 204 : 304;
  const responseFraming = status !== 200 ? "length" : chance(50) ? "close" : chance(350) ? "chunked" : "length";
  return {
    id,
    method,
    minor,
    keepAlive: minor === 1 ? !chance(30) : chance(500),
    requestFraming,
    requestBytes,
    expect: minor === 1 && requestBytes > 0 && chance(30),
    client,
    endpoint,
    status,
    responseFraming,
    responseBytes: status === 200 ? responseBytes : 0,
    trailers: chance(300),
    interim: chance(10),
    share: random.below(1000) / 1000,
    rst: chance(500),
    clientPauseMs: chance(5) ? 1 + random.below(20) : 0,
    endpointPauseMs: chance(5) ? 1 + random.below(20) : 0,
  };
}

/** The connection cannot serve another request after this one, or may not. */
export function endsConnection(recipe: Recipe): boolean {
  const { client, endpoint } = recipe;
  if (client !== "finish" || endpoint === "early" || endpoint === "refuse" || endpoint === "cut") return true;
  if (recipe.expect || !recipe.keepAlive) return true;
  return recipe.minor === 0 && recipe.responseFraming !== "length";
}

/** Nothing of the request may be sent twice, or it can no longer be by the time it fails. */
export function isUnsafe(recipe: Recipe): boolean {
  return recipe.method === "POST" || recipe.method === "PATCH" || recipe.requestBytes > 0;
}

function chooseMethod(random: Random): Method {
  const n = random.below(100);
  return n < 50 ? "GET" : n < 55 ? "HEAD" : n < 80 ? "POST" : n < 90 ? "PUT" : n < 95 ? "DELETE" : "PATCH";
}

function chooseFate<T>(random: Random, fates: readonly (readonly [T, number])[], usual: T): T {
  let n = random.below(1000);
  for (const [fate, perMille] of fates) {
    if (n < perMille) return fate;
    n -= perMille;
  }
  return usual;
}

/** Mostly small; one in a thousand up to 2 MB. */
function chooseBytes(random: Random): number {
  const n = random.below(1000);
  if (n < 30) return 0;
  if (n < 700) return 1 + random.below(1024);
  if (n < 920) return random.below(16_384);
  if (n < 985) return random.below(65_536);
  return n < 999 ? random.below(524_288) : random.below(MAX_BYTES + 1);
}
