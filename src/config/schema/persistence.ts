/** Session persistence: by what a client comes back to the endpoint that it was with. */
import * as z from "zod";
import { DEFAULTS } from "../defaults.js";
import { FIELD_NAME } from "../parse-text.js";
import { type Refused, refuse } from "../refused.js";
import { DURATION, MAX_DURATION_MS, parseDuration } from "../units.js";
import { parseCookieName } from "./balance.js";
import { parseOpenFieldName } from "./headers.js";
import { flag, integer, mapping, quantity, text, tuned, word } from "./parts.js";

const SECRET = "a secret of 16 characters at least";
const COOKIE_PATH = "a path such as /shop";
const COOKIE = "a cookie's name";

function parseSecret(secret: string): string | Refused {
  const hint = `put it into the environment: \${SECRET}; openssl rand -hex 32 makes one`;
  return secret.length >= 16 ? secret : refuse(`the secret has ${secret.length} characters`, hint);
}

/** Anything that does not end the attribute (RFC 6265 4.1.1). */
function parseCookiePath(path: string): string | Refused {
  if (!path.startsWith("/")) return refuse(`a path begins with /: ${path}`, `write /${path}`);
  return /^[!-:<-~]*$/.test(path) ? path : refuse("the path contains a blank, a ; or a character outside ASCII");
}

const secret = text(SECRET, parseSecret)
  .optional()
  .describe("Keys the values; the same in all processes. Without it each process makes its own.");
const name = text(COOKIE, parseCookieName).describe("Name of the cookie: another one for each cluster of a site.");

const cookieMapping = mapping(
  "name, ttl, path, secure, httpOnly, sameSite, secret",
  {
    name,
    ttl: tuned(
      quantity(DURATION, parseDuration, 0, MAX_DURATION_MS),
      DEFAULTS.persistence.ttl,
      "How long the browser keeps it.",
    ),
    path: tuned(text(COOKIE_PATH, parseCookiePath), DEFAULTS.persistence.path, "For which paths the browser sends it."),
    secure: tuned(flag(), DEFAULTS.persistence.secure, "The browser sends it over TLS only."),
    httpOnly: tuned(flag(), DEFAULTS.persistence.httpOnly, "Scripts cannot read it."),
    sameSite: tuned(
      word(["strict", "lax", "none"]),
      DEFAULTS.persistence.sameSite,
      "For which requests from other sites the browser sends it.",
    ),
    secret,
  },
  { maxAge: "write ttl", expires: "write ttl", domain: "the cookie belongs to the host that the client asked" },
);

const headerMapping = mapping("name, secret", {
  name: text(FIELD_NAME, parseOpenFieldName).describe("Name of the header, in responses and in requests."),
  secret,
});

/** Exactly one of them; `resolve-persistence.ts` checks that. */
export const persistence = mapping(
  "cookie, header or source",
  {
    cookie: z
      .union([text(COOKIE, parseCookieName).transform((name) => cookieMapping.parse({ name })), cookieMapping], {
        error: `${COOKIE}, or a mapping (name, ttl, path, secure, httpOnly, sameSite, secret)`,
      })
      .optional()
      .describe("By a cookie that Plimsoll sets: its name, or a mapping."),
    header: headerMapping.optional().describe("By a header of responses that the client sends back."),
    source: mapping("ttl, size", {
      ttl: tuned(
        quantity(DURATION, parseDuration, 1000, MAX_DURATION_MS),
        DEFAULTS.persistence.sourceTtl,
        "How long a client is remembered after it was seen last.",
      ),
      size: tuned(
        integer(8, 16_777_216),
        DEFAULTS.persistence.size,
        "Clients that are remembered, in 16 bytes each; the oldest are forgotten first.",
      ),
    })
      .optional()
      .describe("By the client's address."),
  },
  { sticky: "write cookie, header or source", type: "write cookie, header or source" },
);
