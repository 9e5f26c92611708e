/** How a cluster chooses: a policy by name, or a mapping with what the policy can be told. */
import * as z from "zod";
import type { HashKey } from "../../model/spec.js";
import { DEFAULTS } from "../defaults.js";
import { FIELD_NAME, parseFieldName, parseLine } from "../parse-text.js";
import { type Refused, refuse } from "../refused.js";
import { DURATION, MAX_DURATION_MS, parseDuration } from "../units.js";
import { integer, mapping, oneOrMore, type Params, preset, quantity, text, word } from "./parts.js";

const POLICIES = [
  "round-robin",
  "random",
  "least-request",
  "least-connections",
  "p2c",
  "peak-ewma",
  "least-time",
  "prequal",
  "ring-hash",
  "maglev",
  "rendezvous",
  "source-address",
  "first",
] as const;

export const HASH_KEY = "{ header: X-User }, { cookie: sid }, { query: id }, path, source or request-id";
const LEAST_TABLE = 1009;
const MOST_TABLE = 5_000_011;
const BOUND = "a factor from 1.01 to 100, or none";

export function parseCookieName(name: string): string | Refused {
  return /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(name) ? name : refuse(`not the name of a cookie: ${name}`);
}

function parseParameterName(name: string): string | Refused {
  return name === "" || /[&=#\s]/.test(name) ? refuse(`not the name of a query parameter: ${name}`) : parseLine(name);
}

const named = mapping("header, cookie or query", {
  header: text(FIELD_NAME, parseFieldName).optional().describe("Value of this header field."),
  cookie: text("a cookie's name", parseCookieName).optional().describe("Value of this cookie."),
  query: text("a parameter's name", parseParameterName).optional().describe("Value of this query parameter."),
}).transform(({ header, cookie, query }, context): HashKey => {
  const given = [
    header === undefined ? [] : [{ from: "header" as const, name: header }],
    cookie === undefined ? [] : [{ from: "cookie" as const, name: cookie }],
    query === undefined ? [] : [{ from: "query" as const, name: query }],
  ].flat();
  if (given.length === 1) return given[0];
  const params: Params = { expected: HASH_KEY, hint: "for several write a list: the first that is there counts" };
  context.addIssue({ code: "custom", message: "one of header, cookie, query is meant", params });
  return z.NEVER;
});

export const hashKey = z.union(
  [word(["path", "source", "request-id"]).transform((from): HashKey => ({ from })), named],
  {
    error: HASH_KEY,
  },
);

/** 0 = none. */
function parseBound(input: string | number): number | Refused {
  if (input === "none") return 0;
  const factor = Number(input);
  if (String(input).trim() === "" || !(factor >= 1.01 && factor <= 100)) return refuse(`not such a factor: ${input}`);
  return factor;
}

function parseTableSize(input: string | number): number | Refused {
  const size = Number(input);
  if (!Number.isInteger(size)) return refuse(`not a whole number: ${input}`);
  if (size < LEAST_TABLE || size > MOST_TABLE || isPrime(size)) return size;
  let next = size + 1;
  while (!isPrime(next)) next++;
  return refuse(`${size} is not a prime number`, `${next} is one`);
}

function isPrime(number: number): boolean {
  for (let divisor = 2; divisor * divisor <= number; divisor++) if (number % divisor === 0) return false;
  return true;
}

/** Between 0 and 1. */
function parseQuantile(input: string | number): number | Refused {
  const share = Number(input);
  return String(input).trim() !== "" && share >= 0 && share <= 1 ? share : refuse(`not such a share: ${input}`);
}

const time = quantity(DURATION, parseDuration, 1, MAX_DURATION_MS);

/** What a policy may be told beside its name. */
const options = {
  hashOn: preset(
    oneOrMore(hashKey, HASH_KEY),
    DEFAULTS.balance.hashOn,
    "Hashing policies: what is hashed, the first of these that a request has.",
  ),
  boundedLoad: preset(
    quantity(BOUND, parseBound),
    DEFAULTS.balance.boundedLoad,
    "Hashing policies: most of its share of active requests that an endpoint may have, as a factor.",
  ),
  tableSize: preset(
    quantity("a prime number", parseTableSize, LEAST_TABLE, MOST_TABLE),
    DEFAULTS.balance.tableSize,
    "maglev: entries of the table, a prime number.",
  ),
  decay: preset(
    time,
    DEFAULTS.balance.decay,
    "peak-ewma, least-time, prequal: after this long an average has followed a fall by 63 percent.",
  ),
  penalty: preset(
    time,
    DEFAULTS.balance.penalty,
    "peak-ewma, least-time, prequal: a failure (429, 5xx, no answer) counts as a response after this long.",
  ),
  candidates: preset(integer(2, 100), DEFAULTS.balance.candidates, "prequal: endpoints drawn for a choice."),
  hotQuantile: preset(
    quantity("a share from 0 to 1", parseQuantile),
    DEFAULTS.balance.hotQuantile,
    "prequal: an endpoint with more in flight than this share of the others is taken last.",
  ),
  stale: preset(time, DEFAULTS.balance.stale, "prequal: a latency that nothing confirmed for this long is forgotten."),
};

const NO_OPTIONS: { readonly [K in keyof typeof options]: undefined } = {
  hashOn: undefined,
  boundedLoad: undefined,
  tableSize: undefined,
  decay: undefined,
  penalty: undefined,
  candidates: undefined,
  hotQuantile: undefined,
  stale: undefined,
};

export const balance = z.union(
  [
    word(POLICIES).transform((policy) => ({ policy, ...NO_OPTIONS })),
    mapping(
      "policy, hashOn, boundedLoad ...",
      { policy: word(POLICIES).describe("Which endpoint is next."), ...options },
      { type: "write policy", algorithm: "write policy", name: "write policy", key: "write hashOn" },
    ),
  ],
  { error: `a policy (${POLICIES.join(", ")}), or a mapping (policy, hashOn, boundedLoad ...)` },
);
