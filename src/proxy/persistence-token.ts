/**
 * The value that stands for an endpoint in a client's cookie or header: a keyed hash, so that clients can neither read where
 * they go nor choose it, and every process with the same secret makes the same.
 */
import { createHmac } from "node:crypto";

/** 64 hexadecimal digits. */
export function tokenOf(secret: string, cluster: string, endpoint: string): string {
  // Names hold no NUL: no two pairs give one text.
  return createHmac("sha256", secret).update(`${cluster}\0${endpoint}`).digest("hex");
}
