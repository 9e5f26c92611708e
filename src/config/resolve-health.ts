/** The active checks of a cluster. */
import type { HealthSpec } from "../model/spec.js";
import type { Path } from "./problem.js";
import type { Report } from "./resolve.js";
import type { File } from "./schema/file.js";

type HealthFile = File["clusters"][number]["value"]["health"];

export function resolveHealth(health: HealthFile, path: Path, report: Report): HealthSpec | undefined {
  if (health === undefined) return undefined;
  const { http } = health;
  if ((http === undefined) === (health.tcp === undefined)) {
    report("error", path, "a health check is either http or tcp", "write http: /healthz or tcp: true", "key");
  }
  if (health.fastInterval > health.interval) {
    report("error", [...path, "fastInterval"], "fastInterval is longer than interval");
  }
  const schedule = {
    intervalMs: health.interval,
    fastIntervalMs: health.fastInterval,
    timeoutMs: health.timeout,
    jitter: health.jitter,
    rise: health.rise,
    fall: health.fall,
  };
  if (http === undefined) return { check: { kind: "tcp" }, ...schedule };
  const { path: target, method, host = "", headers, status, body } = http;
  if (method === "HEAD" && body !== "") report("error", [...path, "http", "body"], "a response to HEAD has no body");
  return { check: { kind: "http", path: target, method, host, headers, statuses: status, body }, ...schedule };
}
