/** The whole file. Its input type is what `defineConfig` takes, its output has every default filled in. */
import * as z from "zod";
import { compileFormat } from "../../observe/access-log.js";
import { DEFAULTS } from "../defaults.js";
import { parseLine, parseName } from "../parse-text.js";
import { type Refused, refuse } from "../refused.js";
import { DURATION, parseDuration, parseSize, SIZE } from "../units.js";
import { adminToken, explainToken } from "./admin.js";
import { cluster } from "./cluster.js";
import { overload } from "./flow.js";
import { adminAddress, listener } from "./listener.js";
import { entries, integer, list, mapping, quantity, text, tuned, word } from "./parts.js";

const ENGINES = ["auto", "io_uring", "epoll", "node"] as const;
const MAX_WORKERS = 1024;
const MEBIBYTE = 2 ** 20;

/** 0 = auto. */
const workers = quantity(`auto, or a whole number from 1 to ${MAX_WORKERS}`, (input) => {
  if (input === "auto") return 0;
  const isCount = /^\d+$/.test(String(input)) && Number(input) >= 1 && Number(input) <= MAX_WORKERS;
  return isCount ? Number(input) : refuse(`not a number of workers: ${input}`);
});

function parseFormat(format: string): string | Refused {
  try {
    compileFormat(format);
    return format;
  } catch (error) {
    // The message begins with the whole template, which the frame shows anyway.
    const [message, hint] = (error as Error).message
      .replace(`access log format ${JSON.stringify(format)}: `, "")
      .split("; ");
    return refuse(message, hint);
  }
}

function parseLogTarget(target: string): string | Refused {
  return target === "" ? refuse("there is no file name") : parseLine(target);
}

function parseFileName(file: string): string | Refused {
  return file === "" ? refuse("the file has no name") : parseLine(file);
}

const logTarget = text("stdout or a file name", parseLogTarget);

const accessLog = z.union(
  [
    logTarget.transform((target) => ({ target, format: DEFAULTS.accessLog.format.value as string })),
    mapping(
      "target, format",
      {
        target: logTarget.describe("stdout or a file name."),
        format: tuned(
          text("json or a template", parseFormat),
          DEFAULTS.accessLog.format,
          "json, or text with %{field}.",
        ),
      },
      { file: "write target", path: "write target" },
    ),
  ],
  { error: "stdout, a file name, or a mapping (target, format)" },
);

export const file = mapping(
  "listeners, clusters ...",
  {
    $schema: z.string().optional().describe("For editors; ignored."),
    listeners: list(listener, "a list of listeners").describe("Where clients connect."),
    clusters: entries("cluster names to clusters", parseName, cluster).describe(
      "Groups of endpoints that do the same work, by name.",
    ),
    workers: tuned(workers, DEFAULTS.workers, "Worker threads."),
    engine: tuned(word(ENGINES), DEFAULTS.engine, "How bytes are moved."),
    admin: adminAddress
      .optional()
      .describe("Where /metrics, /ready, /live and /clusters are served; by default nowhere."),
    adminToken: adminToken
      .optional()
      .describe("What whoever changes something through admin must show; without it only a unix socket takes changes."),
    adminState: text("a file name", parseFileName)
      .optional()
      .describe("File in which changes through admin outlive the process; by default they end with it."),
    explainToken: explainToken
      .optional()
      .describe("Responses to requests that show it in X-Plimsoll-Explain say why they went where they went."),
    accessLog: accessLog.optional().describe("One line for each request or connection; by default none."),
    limits: mapping("maxConnections, buffers, highWater", {
      maxConnections: tuned(
        integer(1, 1_000_000),
        DEFAULTS.limits.maxConnections,
        "Client connections of one worker; more are refused.",
      ),
      buffers: tuned(
        quantity(SIZE, parseSize, MEBIBYTE, 2 ** 31 - MEBIBYTE),
        DEFAULTS.limits.buffers,
        "Buffer memory of one worker.",
      ),
      highWater: tuned(
        quantity(SIZE, parseSize, 16_384, 2 ** 30),
        DEFAULTS.limits.highWater,
        "Unsent bytes at which a connection is paused.",
      ),
    }).prefault({}),
    overload: overload.describe("When a worker that is short itself refuses requests, the lowest priority first."),
    drain: tuned(quantity(DURATION, parseDuration), DEFAULTS.drain, "How long open connections may finish."),
  },
  {
    routes: "routes stand in a listener",
    upstreams: "write clusters",
    backends: "write clusters",
    services: "write clusters",
    frontends: "write listeners",
    servers: "write listeners",
    entryPoints: "write listeners",
    cluster: "did you mean clusters?",
    listener: "did you mean listeners?",
    threads: "write workers",
    log: "did you mean accessLog?",
    access_log: "did you mean accessLog?",
    timeouts: "timeouts stand in listeners and routes",
    health: "health stands in a cluster",
  },
);

export type FileInput = z.input<typeof file>;
export type File = z.output<typeof file>;
