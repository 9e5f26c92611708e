/**
 * A configuration from command-line flags. Every flag is a key of the file and goes through the same checks; a complaint
 * names the flag instead of a line.
 */
import { type Finding, formatPath, type Path } from "./problem.js";
import { type Source, valueSource } from "./source.js";

export interface Flag {
  /** Long name, without dashes. */
  readonly name: string;
  /** What stands for the value in the help. */
  readonly placeholder: string;
  readonly about: string;
  /** May be given several times, or with commas. */
  readonly isList?: true;
  /** Where the value goes. Listeners and clusters made from flags are alike: the path names the first. */
  readonly path: Path;
}

/** The cluster that `--to` makes. */
const CLUSTER = "default";

export const FLAGS: readonly Flag[] = [
  {
    name: "listen",
    placeholder: "ADDRESS",
    about: "where to listen, such as :8080",
    isList: true,
    path: ["listeners"],
  },
  {
    name: "to",
    placeholder: "ADDRESS",
    about: "endpoints, such as 10.0.0.1:80",
    isList: true,
    path: ["clusters", CLUSTER, "endpoints"],
  },
  { name: "protocol", placeholder: "NAME", about: "http or tcp", path: ["listeners", 0, "protocol"] },
  {
    name: "balance",
    placeholder: "POLICY",
    about: "round-robin, least-request, p2c ...",
    path: ["clusters", CLUSTER, "balance"],
  },
  { name: "check", placeholder: "PATH", about: "health check: a path, or tcp", path: ["clusters", CLUSTER, "health"] },
  {
    name: "connect-timeout",
    placeholder: "TIME",
    about: "such as 300ms",
    path: ["clusters", CLUSTER, "connect", "timeout"],
  },
  {
    name: "trusted-proxies",
    placeholder: "NETWORK",
    about: "believed X-Forwarded-For",
    isList: true,
    path: ["listeners", 0, "trustedProxies"],
  },
  { name: "workers", placeholder: "N", about: "worker threads, or auto", path: ["workers"] },
  { name: "engine", placeholder: "NAME", about: "auto, io_uring, epoll or node", path: ["engine"] },
  { name: "admin", placeholder: "ADDRESS", about: "metrics and readiness, such as :9901", path: ["admin"] },
  { name: "access-log", placeholder: "FILE", about: "stdout or a file", path: ["accessLog", "target"] },
  {
    name: "access-log-format",
    placeholder: "FORMAT",
    about: "json, or text with %{field}",
    path: ["accessLog", "format"],
  },
  {
    name: "max-connections",
    placeholder: "N",
    about: "client connections of one worker",
    path: ["limits", "maxConnections"],
  },
  { name: "drain", placeholder: "TIME", about: "how long connections may finish", path: ["drain"] },
];

/** What was given, by flag name. */
export type Given = ReadonlyMap<string, readonly string[]>;

/** Builds what a file with these keys would hold, for `check` in load.ts. */
export function flagSource(given: Given): Source {
  const values = (name: string) =>
    given
      .get(name)
      ?.flatMap((text) => text.split(","))
      .map((text) => text.trim());
  const root: Record<string, unknown> = {};
  for (const flag of FLAGS) {
    const texts = flag.isList === true ? values(flag.name) : given.get(flag.name);
    if (texts === undefined || flag.name === "listen" || flag.path[0] === "listeners") continue;
    put(root, flag.path, flag.name === "check" ? healthOf(texts.at(-1)!) : flag.isList === true ? texts : texts.at(-1));
  }
  root.listeners = (values("listen") ?? []).map((address) => ({
    address,
    cluster: CLUSTER,
    ...(given.has("protocol") ? { protocol: given.get("protocol")!.at(-1) } : {}),
    ...(given.has("trusted-proxies") ? { trustedProxies: values("trusted-proxies") } : {}),
  }));
  const source = valueSource("flags", root);
  return { ...source, place: (finding) => ({ ...source.place(finding), file: flagFor(finding), path: [] }) };
}

function healthOf(text: string): unknown {
  return text === "tcp" ? { tcp: true } : { http: text };
}

function put(root: Record<string, unknown>, path: Path, value: unknown): void {
  let at = root;
  for (const key of path.slice(0, -1)) at = (at[key] ??= {}) as Record<string, unknown>;
  at[path.at(-1)!] = value;
}

/** The flag whose key is nearest above the finding. */
function flagFor({ path }: Finding): string {
  const normal = path.map((part, index) => (path[0] === "listeners" && index === 1 ? 0 : part));
  const candidates = FLAGS.filter((flag) => flag.path.every((part, index) => normal[index] === part));
  const nearest = candidates.sort((a, b) => b.path.length - a.path.length)[0];
  return nearest === undefined ? formatPath(path) : `--${nearest.name}`;
}
