/** 10 000 connections that have had one answer and now wait: what each costs the proxy in memory. */
import { fileURLToPath } from "node:url";
import { startChild } from "../child.js";
import type { Scenario } from "./scenario.js";

const FIRST = 1000;
const TOTAL = 10_000;

export const idle: Scenario = {
  name: "idle",
  question: `resident memory per idle keep-alive connection, from ${FIRST} to ${TOTAL} of them`,
  protocol: "http",
  bar: "bytesPerConnection",
  peers: undefined,
  fresh: true,
  async prepare() {
    return async ({ port, child }) => {
      const script = fileURLToPath(new URL("../load/idle.js", import.meta.url));
      const helper = startChild("idle", process.execPath, [script, ...[port, child.pid, FIRST, TOTAL].map(String)]);
      if ((await helper.exited) !== 0) throw new Error(helper.output().trim());
      const { first, total } = JSON.parse(helper.output()) as { first: number; total: number };
      return { bytesPerConnection: (total - first) / (TOTAL - FIRST), residentBytes: total };
    };
  },
};
