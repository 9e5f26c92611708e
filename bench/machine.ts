/** Where and with what a run was made: figures without this say nothing. */
import { execFileSync } from "node:child_process";
import { cpus, loadavg, release } from "node:os";
import { ROOT } from "./root.js";

/** The first line that a command prints on either stream; empty where it cannot be run. */
function firstLine(command: string, args: readonly string[]): string {
  try {
    const all = execFileSync("/bin/sh", ["-c", '"$@" 2>&1 || true', "sh", command, ...args], { cwd: ROOT });
    return all.toString().split("\n")[0].trim();
  } catch {
    return "";
  }
}

export function describeMachine() {
  const processors = cpus();
  return {
    date: new Date().toISOString(),
    commit: firstLine("git", ["rev-parse", "HEAD"]),
    /** True where files differ from the commit. */
    changed: firstLine("git", ["status", "--porcelain", "--untracked-files=no"]) !== "",
    cpu: processors[0]?.model.trim() ?? "unknown",
    cores: processors.length,
    kernel: release(),
    /** Processes that wanted a core in the last minute, before the run began: what is not ours is noise. */
    load: loadavg()[0],
    node: process.version,
    haproxy: firstLine("haproxy", ["-v"]),
    nginx: firstLine("nginx", ["-v"]),
    wrk: firstLine("wrk", ["-v"]).replace(/ Copyright.*/, ""),
  };
}
