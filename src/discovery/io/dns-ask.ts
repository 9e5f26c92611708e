/**
 * One question to one resolver: by UDP, and by TCP where the answer did not fit. Against forged answers each question has a socket of its
 * own (so a random port, to which only the resolver can send) and a random number; what does not match the question is ignored.
 */
import { randomInt } from "node:crypto";
import { createSocket } from "node:dgram";
import { createConnection } from "node:net";
import type { Clock } from "../../base/clock.js";
import { type Address, formatAddress } from "../../model/address.js";
import { type DnsVerdict, judgeResponse } from "../dns-answer.js";
import { type DnsQuestion, type DnsResponse, decodeResponse, encodeQuestion, isAnswerTo } from "../dns-message.js";

export interface AskOptions {
  readonly clock: Clock;
  /** For UDP, and again for TCP. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

type Settle = (result: DnsResponse | string) => void;
/** Begins to ask and returns what ends it. */
type Transport = (question: DnsQuestion, server: Server, settle: Settle) => () => void;
type Server = Exclude<Address, { readonly family: "unix" }>;

/** Never rejects: what went wrong is the verdict. */
export async function askServer(question: DnsQuestion, server: Server, options: AskOptions): Promise<DnsVerdict> {
  let response = await ask(byUdp, question, server, options);
  if (typeof response !== "string" && response.isTruncated) response = await ask(byTcp, question, server, options);
  if (typeof response === "string") return { kind: "failed", reason: `${formatAddress(server)}: ${response}` };
  const verdict = judgeResponse(response, question);
  return verdict.kind === "failed" ? { ...verdict, reason: `${formatAddress(server)}: ${verdict.reason}` } : verdict;
}

function ask(transport: Transport, question: DnsQuestion, server: Server, options: AskOptions) {
  const { clock, timeoutMs, signal } = options;
  return new Promise<DnsResponse | string>((resolve) => {
    let end = (): void => {};
    let isSettled = false;
    const settle: Settle = (result) => {
      if (isSettled) return;
      isSettled = true;
      cancel();
      signal.removeEventListener("abort", abort);
      end();
      resolve(result);
    };
    const abort = (): void => settle("it is no longer wanted");
    const cancel = clock.after(timeoutMs, () => settle(`no answer within ${timeoutMs} ms`));
    signal.addEventListener("abort", abort);
    if (signal.aborted) abort();
    else end = transport(question, server, settle);
  });
}

const byUdp: Transport = (question, { family, host, port }, settle) => {
  const id = randomInt(65_536);
  const socket = createSocket(family === "ip6" ? "udp6" : "udp4");
  socket.on("error", (error) => settle(error.message));
  socket.on("message", (bytes) => {
    const response = decodeResponse(bytes);
    if (response !== undefined && isAnswerTo(response, id, question)) settle(response);
  });
  // Connected: the kernel drops what others send.
  socket.connect(port, host, () => socket.send(encodeQuestion(id, question)));
  return () => socket.close();
};

const byTcp: Transport = (question, { host, port }, settle) => {
  const id = randomInt(65_536);
  const socket = createConnection({ host, port });
  let received = Buffer.alloc(0);
  socket.on("error", (error) => settle(error.message));
  socket.on("close", () => settle("the connection ended before the answer"));
  socket.on("data", (bytes: Buffer) => {
    received = Buffer.concat([received, bytes]);
    if (received.length < 2 || received.length < 2 + received.readUInt16BE(0)) return;
    const response = decodeResponse(received.subarray(2, 2 + received.readUInt16BE(0)));
    // Nobody can forge into a connection: this is the server's own mistake.
    if (response === undefined || !isAnswerTo(response, id, question)) settle("a malformed answer");
    else if (response.isTruncated) settle("an answer that is cut short even by TCP");
    else settle(response);
  });
  const bytes = encodeQuestion(id, question);
  socket.write(Buffer.concat([Buffer.from([bytes.length >> 8, bytes.length & 255]), bytes]));
  return () => socket.destroy();
};
