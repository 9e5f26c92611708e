/** Runs one active check over a fresh connection, as a client would reach the endpoint. */
import { connect, type Socket } from "node:net";
import type { Clock } from "../../base/clock.js";
import { type Address, formatAddress } from "../../model/address.js";
import type { CheckSpec } from "../../model/spec.js";
import { AgentLine } from "../agent-line.js";
import { Answer } from "../answer.js";
import { ExpectedBytes } from "../expected-bytes.js";
import type { Judgement, Reader } from "../reader.js";
import type { Verdict } from "../standing.js";

type HttpCheck = Extract<CheckSpec, { kind: "http" }>;

/** Starts a check; `done` is called once, later, unless the function returned was called before: that cancels. */
export type Probe = (
  address: Address,
  check: CheckSpec,
  timeoutMs: number,
  done: (verdict: Verdict) => void,
) => () => void;

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
    const decide = ({ ok, reason, said }: Judgement): void => {
      if (decided) return;
      decided = true;
      stop();
      done({ ok, reason, latencyMs: clock.now() - started, said });
    };
    const fail = (reason: string): void => decide({ ok: false, reason });
    const reader = readerOf(check);
    const cancelTimeout = clock.after(timeoutMs, () => {
      const lacking = reader?.lacking?.();
      fail(`timed out after ${timeoutMs} ms${lacking === undefined ? "" : `: ${lacking}`}`);
    });
    socket.on("error", (error: NodeJS.ErrnoException) => fail(describe(error)));
    if (reader === undefined) socket.on("connect", () => decide({ ok: true, reason: "connected" }));
    else converse(socket, requestOf(address, check), reader, decide);
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

/** What judges the answer; undefined where connecting is enough. */
function readerOf(check: CheckSpec): Reader | undefined {
  switch (check.kind) {
    case "tcp":
      return check.expect === "" ? undefined : new ExpectedBytes(Buffer.from(check.expect, "hex"));
    case "http":
      return new Answer(check);
    case "agent":
      return new AgentLine();
  }
}

function requestOf(address: Address, check: CheckSpec): Buffer {
  if (check.kind === "http") return Buffer.from(formatRequest(address, check), "latin1");
  return Buffer.from(check.kind === "tcp" ? check.send : "", "hex");
}

function converse(socket: Socket, request: Buffer, reader: Reader, decide: (judgement: Judgement) => void): void {
  if (request.length > 0) socket.on("connect", () => socket.write(request));
  socket.on("data", (bytes) => {
    const judgement = reader.feed(bytes);
    if (judgement !== undefined) decide(judgement);
  });
  // After "error" too, then decide() has been called already.
  socket.on("close", () => decide(reader.end()));
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
