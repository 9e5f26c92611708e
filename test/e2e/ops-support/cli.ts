/** `plimsoll run` as a process of its own, with its log at hand. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import { until } from "./until.js";

const CLI = fileURLToPath(new URL("../../../src/cli/main.js", import.meta.url));
const STARTED = /"event":"started".*"listeners":\["127\.0\.0\.1:(\d+)"/;

export interface RunningCli {
  readonly child: ChildProcess;
  /** Of its first listener. */
  readonly port: number;
  /** What it has logged so far. */
  readonly log: () => string;
}

/** Runs this configuration, whose first listener is on port 0 of 127.0.0.1; resolves once it has logged that it runs. */
export async function runCli(t: TestContext, yaml: string, env: NodeJS.ProcessEnv = {}): Promise<RunningCli> {
  const folder = await mkdtemp(join(tmpdir(), "plimsoll-"));
  t.after(() => rm(folder, { recursive: true }));
  const file = join(folder, "a.yaml");
  await writeFile(file, yaml);
  const child = spawn(process.execPath, [CLI, "run", file], {
    stdio: ["ignore", "ignore", "pipe"],
    env: { ...process.env, ...env },
  });
  t.after(() => child.kill("SIGKILL"));
  let log = "";
  child.stderr!.setEncoding("utf8").on("data", (piece: string) => {
    log += piece;
  });
  const started = await until("the start", () => STARTED.exec(log) ?? undefined, 15_000);
  return { child, port: Number(started[1]), log: () => log };
}
