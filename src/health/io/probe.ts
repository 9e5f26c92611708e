/** Runs one active check over a fresh connection, as a client would reach the endpoint. */
import { connect, type Socket } from "node:net";
import type { Clock } from "../../base/clock.js";
import { type Address, formatAddress } from "../../model/address.js";
import type { HealthSpec } from "../../model/spec.js";
import { Answer } from "../answer.js";
import type { Verdict } from "../standing.js";

type Check = HealthSpec["check"];
type HttpCheck = Extract<Check, { kind: "http" }>;

/** Starts a check; `done` is called once, later, unless the function returned was called before: that cancels. */
export type Probe = (address: Address, check: Check, timeoutMs: number, done: (verdict: Verdict) => void) => () => void;

/** What the operating system's words for failing mean to an operator; other codes are shown as they are. */
const FAILURES: { readonly [code: string]: string } = {
  ECONNREFUSED: "connect refused",
  ECONNRESET: "connection reset",
  EPIPE: "connection reset",
  EHOSTUNREACH: "host unreachable",
  ENETUNREACH: "network unreachable",
  ENOENT: "no such socket",
};

export function createProbe(clock: Clock): Probe {
  return (address, check, timeoutMs, done) => {
    const started = clock.now();
    const socket = open(address);
    const stop = (): void => {
      cancelTimeout();
      socket.destroy();
    };
    // Destroying a socket may still deliver an error or a close: only the first verdict counts.
    let decided = false;
    const decide = (ok: boolean, reason: string): void => {
      if (decided) return;
      decided = true;
      stop();
      done({ ok, reason, latencyMs: clock.now() - started });
    };
    const cancelTimeout = clock.after(timeoutMs, () => decide(false, `timed out after ${timeoutMs} ms`));
    socket.on("error", (error: NodeJS.ErrnoException) => decide(false, describe(error)));
    if (check.kind === "tcp") socket.on("connect", () => decide(true, "connected"));
    else converse(socket, address, check, decide);
    return () => {
      decided = true;
      stop();
    };
  };
}

function open(address: Address): Socket {
  if (address.family === "unix") return connect({ path: address.path });
  return connect({ host: address.host, port: address.port, noDelay: true });
}

function converse(
  socket: Socket,
  address: Address,
  check: HttpCheck,
  decide: (ok: boolean, reason: string) => void,
): void {
  const answer = new Answer(check);
  socket.on("connect", () => socket.write(formatRequest(address, check), "latin1"));
  socket.on("data", (bytes) => {
    const judgement = answer.feed(bytes);
    if (judgement !== undefined) decide(judgement.ok, judgement.reason);
  });
  // After "error" too, then decide() has been called already.
  socket.on("close", () => {
    const judgement = answer.end();
    decide(judgement.ok, judgement.reason);
  });
}

function formatRequest(address: Address, check: HttpCheck): string {
  const host = check.host !== "" ? check.host : address.family === "unix" ? "localhost" : formatAddress(address);
  const own = [`Host: ${host}`, "Connection: close", "User-Agent: plimsoll-health", "Accept: */*"];
  const named = new Set(check.headers.map((header) => header.name.toLowerCase()));
  const lines = own.filter((line) => !named.has(line.slice(0, line.indexOf(":")).toLowerCase()));
  for (const header of check.headers) lines.push(`${header.name}: ${header.value}`);
  return `${check.method} ${check.path} HTTP/1.1\r\n${lines.join("\r\n")}\r\n\r\n`;
}

function describe(error: NodeJS.ErrnoException): string {
  const code = error.code ?? error.message;
  return FAILURES[code] ?? code;
}
