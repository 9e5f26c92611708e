/** Programs that are not ours: whether they are there, and how they are run for the length of a test. */
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { type Child, startChild, untilAccepting } from "../../bench/child.js";

/** What may be given to `skip`: false, or that the program is missing. */
export function missing(program: string): string | false {
  const isThere = spawnSync("/bin/sh", ["-c", `command -v ${program}`]).status === 0;
  return isThere ? false : `${program} is not installed`;
}

export function makeFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "plimsoll-peer-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Runs a server with this configuration file until the test ends; `FILE` among `args` is its path. */
export async function startServer(
  t: TestContext,
  server: { command: string; args: readonly string[]; configuration: string; folder: string; port: number },
): Promise<Child> {
  const file = join(server.folder, `${server.command}-${server.port}.conf`);
  writeFileSync(file, server.configuration);
  const args = server.args.map((arg) => (arg === "FILE" ? file : arg));
  const child = startChild(server.command, server.command, args, server.folder);
  t.after(() => child.stop());
  await untilAccepting(child, server.port);
  return child;
}

/** Runs a command to its end; rejects with what it said where it fails. */
export function runCommand(command: string, args: readonly string[], input?: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ["pipe", "pipe", "pipe"] });
    const out: Buffer[] = [];
    let said = "";
    child.stdout.on("data", (chunk) => out.push(chunk));
    child.stderr.on("data", (chunk) => {
      said += chunk;
    });
    child.on("error", reject);
    child.on("close", (code) => {
      if (code === 0) resolve(Buffer.concat(out));
      else reject(new Error(`${command} ended with ${code}: ${said}`));
    });
    child.stdin.on("error", () => {});
    child.stdin.end(input);
  });
}
