/** How a cluster chooses: a policy by name, or a mapping with what the policy can be told. */
import * as z from "zod";
import type { HashKey } from "../../model/spec.js";
import { DEFAULTS } from "../defaults.js";
import { FIELD_NAME, parseFieldName, parseLine } from "../parse-text.js";
import { type Refused, refuse } from "../refused.js";
import { mapping, oneOrMore, type Params, preset, quantity, text, word } from "./parts.js";

const POLICIES = [
  "round-robin",
  "random",
  "least-request",
  "least-connections",
  "p2c",
  "ring-hash",
  "source-address",
] as const;

export const HASH_KEY = "{ header: X-User }, { cookie: sid }, { query: id }, path, source or request-id";
const BOUND = "a factor from 1.01 to 100, or none";

function parseCookieName(name: string): string | Refused {
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

export const balance = z.union(
  [
    word(POLICIES).transform((policy) => ({ policy, hashOn: undefined, boundedLoad: undefined })),
    mapping(
      "policy, hashOn, boundedLoad ...",
      {
        policy: word(POLICIES).describe("Which endpoint is next."),
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
      },
      { type: "write policy", algorithm: "write policy", name: "write policy", key: "write hashOn" },
    ),
  ],
  { error: `a policy (${POLICIES.join(", ")}), or a mapping (policy, hashOn, boundedLoad ...)` },
);
