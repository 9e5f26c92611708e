/** What a process and its children have cost so far, as the Linux kernel counts it in /proc (proc(5)). */
import { readdirSync, readFileSync } from "node:fs";

/** sysconf(_SC_CLK_TCK): 100 on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100;

/** CPU time in microseconds of all threads, living and ended: utime + stime of `/proc/PID/stat`. */
export function parseCpuMicros(stat: string): number {
  // The command name in parentheses may hold spaces and parentheses: fields are counted from its end.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) * (1_000_000 / TICKS_PER_SECOND);
}

/** `pid` and all of its descendants. */
export function processTree(pid: number): number[] {
  const tree = [pid];
  for (let i = 0; i < tree.length; i++) {
    for (const task of readdirSync(`/proc/${tree[i]}/task`)) {
      const children = readFileSync(`/proc/${tree[i]}/task/${task}/children`, "utf8").trim();
      if (children !== "") tree.push(...children.split(" ").map(Number));
    }
  }
  return tree;
}

/** CPU time in microseconds that the process tree has used. */
export function cpuMicros(pid: number): number {
  let sum = 0;
  for (const each of processTree(pid)) sum += parseCpuMicros(readFileSync(`/proc/${each}/stat`, "utf8"));
  return sum;
}

/** Resident bytes of the process tree (VmRSS). Pages shared between its processes count for each of them. */
export function residentBytes(pid: number): number {
  let sum = 0;
  for (const each of processTree(pid)) {
    const line = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${each}/status`, "utf8"));
    sum += Number(line?.[1] ?? 0) * 1024;
  }
  return sum;
}
