/**
 * Who may change something. On a unix socket whoever may open it; on loopback whoever shows the token, and no page in a browser, which
 * could send requests there as well; elsewhere nobody, since the token would go over the network in the clear.
 */
import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import type { Address } from "../model/address.js";

export interface Denial {
  readonly status: 401 | 403;
  readonly code: "UNAUTHORIZED" | "FORBIDDEN";
  readonly message: string;
  readonly hint: string;
}

/** undefined = allowed. @param address at which the server listens */
export function denyWrite(
  address: Address,
  token: string | undefined,
  headers: IncomingHttpHeaders,
): Denial | undefined {
  if (address.family !== "unix") {
    if (!isLoopback(address.host)) {
      return forbidden("changes are not taken on this address", "bind admin to 127.0.0.1 or to a unix socket");
    }
    if (isFromPage(headers)) return forbidden("changes are not taken from web pages", "use curl or another program");
    if (token === undefined) {
      const hint = `set adminToken: \${PLIMSOLL_ADMIN_TOKEN} in the configuration and restart, or use a unix socket`;
      return forbidden("no token is configured, so nothing can be changed here", hint);
    }
  }
  if (token === undefined || isSame(bearerOf(headers), token)) return undefined;
  const hint = "send Authorization: Bearer and the adminToken of the configuration";
  return { status: 401, code: "UNAUTHORIZED", message: "the token is missing or wrong", hint };
}

function forbidden(message: string, hint: string): Denial {
  return { status: 403, code: "FORBIDDEN", message, hint };
}

function isLoopback(host: string): boolean {
  return host === "::1" || /^127\.\d+\.\d+\.\d+$/.test(host);
}

/** Browsers say where a request comes from with at least one of these; programs send neither. */
function isFromPage(headers: IncomingHttpHeaders): boolean {
  const site = headers["sec-fetch-site"];
  const isForeign = site !== undefined && site !== "same-origin" && site !== "none";
  return isForeign || (headers.origin !== undefined && headers.origin !== `http://${headers.host}`);
}

function bearerOf({ authorization = "" }: IncomingHttpHeaders): string {
  return /^Bearer +(\S+) *$/i.exec(authorization)?.[1] ?? "";
}

/** In a time that does not tell how much was right. */
function isSame(given: string, wanted: string): boolean {
  const digest = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(given), digest(wanted));
}
