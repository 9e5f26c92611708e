/**
 * The processes that the bench starts, and their end: every child is known by its pid and none outlives the bench,
 * whether it finishes, fails or is interrupted.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { connect, createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface Child {
  readonly name: string;
  readonly pid: number;
  /** Standard output and standard error so far, the last 64 KiB. */
  output(): string;
  /** Resolves with the exit code when the process is gone. */
  readonly exited: Promise<number>;
  stop(): Promise<void>;
}

const running = new Set<ChildProcess>();
const folders = new Set<string>();

// 10 000 connections need more descriptors than most shells allow; where raising is forbidden, take what there is.
const RAISE = 'ulimit -n 65536 2>/dev/null || ulimit -n "$(ulimit -Hn)"; exec "$@"';

export function startChild(name: string, command: string, args: readonly string[], cwd?: string): Child {
  const child = spawn("/bin/sh", ["-c", RAISE, "sh", command, ...args], { stdio: ["ignore", "pipe", "pipe"], cwd });
  running.add(child);
  let output = "";
  const keep = (chunk: string): void => {
    output = (output + chunk).slice(-65_536);
  };
  child.stdout.setEncoding("utf8").on("data", keep);
  child.stderr.setEncoding("utf8").on("data", keep);
  const exited = new Promise<number>((resolve) => {
    child.on("error", (error) => {
      keep(String(error));
      running.delete(child);
      resolve(127);
    });
    child.on("close", (code) => {
      running.delete(child);
      resolve(code ?? 1);
    });
  });
  const stop = async (): Promise<void> => {
    if (!running.has(child)) return;
    child.kill("SIGTERM");
    const timer = setTimeout(() => child.kill("SIGKILL"), 2000);
    await exited;
    clearTimeout(timer);
  };
  return { name, pid: child.pid ?? -1, output: () => output, exited, stop };
}

/** A folder for configurations and payloads, in memory where the machine has such a place; removed at the end. */
export function makeFolder(): string {
  const folder = mkdtempSync(join(process.platform === "linux" ? "/dev/shm" : tmpdir(), "plimsoll-bench-"));
  folders.add(folder);
  return folder;
}

function cleanUp(): void {
  for (const child of running) child.kill("SIGKILL");
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
}

/** Ties all children and folders to the life of this process. */
export function cleanUpAtExit(): void {
  process.on("exit", cleanUp);
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => process.exit(130));
}

/** For nginx started by root, whose workers would otherwise become "nobody" and not see the folder. */
export const NGINX_USER = process.getuid?.() === 0 ? "user root;" : "";

/** `count` different ports that are free at this moment on 127.0.0.1. */
export async function freePorts(count: number): Promise<number[]> {
  const servers: Server[] = [];
  for (let i = 0; i < count; i++) {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    servers.push(server);
  }
  const ports = servers.map((server) => (server.address() as { port: number }).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.on("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.on("error", () => resolve(false));
  });
}

/** Resolves when `port` accepts; throws with the child's own words when it ends before, or after ten seconds. */
export async function untilAccepting(child: Child, port: number): Promise<void> {
  let code: number | undefined;
  void child.exited.then((value) => {
    code = value;
  });
  for (let i = 0; i < 200; i++) {
    if (code !== undefined) throw new Error(`${child.name} exited with ${code}: ${child.output().trim()}`);
    if (await accepts(port)) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  await child.stop();
  throw new Error(`${child.name} did not accept on port ${port} within 10 s: ${child.output().trim()}`);
}
