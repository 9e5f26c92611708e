/** Who may change something through the admin API. */
import { type Refused, refuse } from "../refused.js";
import { text } from "./parts.js";

/** 128 bits in hexadecimal have 32 characters; below 16 a token can be tried out. */
const LEAST = 16;
const MOST = 256;

function parseToken(token: string): string | Refused {
  // Not repeated in a message: it is a secret.
  if (!/^[!-~]*$/.test(token)) return refuse("the token has characters other than printable ASCII without blanks");
  if (token.length >= LEAST && token.length <= MOST) return token;
  return refuse(`the token has ${token.length} characters`, `${LEAST} to ${MOST}, such as of openssl rand -hex 32`);
}

const token = text(`a token of ${LEAST} characters or more, best from the environment`, parseToken);

export const adminToken = token;
/** Who may see in responses how they were chosen. */
export const explainToken = token;
