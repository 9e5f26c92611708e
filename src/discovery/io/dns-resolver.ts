/** A question to any of several resolvers: the first that can say anything about the name decides. */
import { readFile } from "node:fs/promises";
import { isIP } from "node:net";
import type { Address } from "../../model/address.js";
import type { DnsVerdict } from "../dns-answer.js";
import type { DnsQuestion } from "../dns-message.js";
import { parseResolvConf } from "../resolv-conf.js";
import { type AskOptions, askServer } from "./dns-ask.js";

/** Times that the list is gone through; resolv.conf(5) has 2 as well. */
const ROUNDS = 2;
const SYSTEM = "/etc/resolv.conf";

/** @param resolvers empty = the system's, read anew each time: it changes with the network */
export async function resolveQuestion(
  question: DnsQuestion,
  resolvers: readonly Address[],
  options: AskOptions,
): Promise<DnsVerdict> {
  const servers = resolvers.length > 0 ? resolvers : parseResolvConf(await readSystem(), isIP);
  let verdict: DnsVerdict = { kind: "failed", reason: "there is no resolver" };
  for (let round = 0; round < ROUNDS; round++) {
    for (const server of servers) {
      if (server.family === "unix") continue;
      verdict = await askServer(question, server, options);
      if (verdict.kind !== "failed" || options.signal.aborted) return verdict;
    }
  }
  return verdict;
}

/** Where there is none, a resolver on this machine is meant. */
function readSystem(): Promise<string> {
  return readFile(SYSTEM, "utf8").catch(() => "");
}
