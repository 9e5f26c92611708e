/** The proxy under soak: a process of its own, started as its users start it, and what it looks like from outside. */
import { type ChildProcess, spawn } from "node:child_process";
import { createReadStream, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { get } from "node:http";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";

const PROGRAM = fileURLToPath(new URL("../../src/cli/main.js", import.meta.url));

export interface ProxyOrder {
  readonly engine: string;
  readonly workers: number;
  /** Ports of the endpoints. */
  readonly endpoints: readonly number[];
  /** Where the configuration is written. */
  readonly file: string;
}

/** What must be the same before and after. */
export interface Level {
  readonly descriptors: number;
  readonly buffers: number;
  readonly open: number;
  readonly active: number;
}

/** A pool that empties soon after the load ends, so that what is left then is a leak. */
function configuration({ engine, workers, endpoints, file }: ProxyOrder, port: number, turn: number): string {
  // Every second turn one of them is gone; which one, and the weights, change too.
  const lines = endpoints.flatMap((each, i) => {
    if (turn % 2 === 1 && (turn >> 1) % endpoints.length === i) return [];
    return [`      - { address: "127.0.0.1:${each}", weight: ${1 + ((turn * i) % 5)} }`];
  });
  return `
listeners:
  - { name: front, address: "127.0.0.1:${port}", cluster: back, timeouts: { idle: 10s } }
clusters:
  back:
    endpoints:
${lines.join("\n")}
    pool: { idle: 2s }
    outlier: { consecutiveFailures: 0 }
    retryBudget: { percent: 100% }
engine: ${engine}
workers: ${workers}
admin: "unix:${file}.admin"
drain: 5s
accessLog: { target: ${file}.log, format: "%{target} %{status} %{code} %{reason} %{bytes_in} %{bytes_out} %{total_ms} %{tries}" }
`;
}

export class RunningProxy {
  readonly port: number;
  readonly engine: string;
  /** Warnings and errors of its log. */
  readonly complaints: string[] = [];
  readonly #child: ChildProcess;
  readonly #order: ProxyOrder;
  #turn = 0;

  private constructor(order: ProxyOrder, child: ChildProcess, started: Started) {
    this.#order = order;
    this.#child = child;
    this.port = Number(started.listeners[0].split(":").at(-1));
    this.engine = started.engine;
  }

  static async start(order: ProxyOrder): Promise<RunningProxy> {
    writeFileSync(order.file, configuration(order, 0, 0));
    const child = spawn(process.execPath, [PROGRAM, "run", order.file], { stdio: ["ignore", "ignore", "pipe"] });
    const lines = createInterface({ input: child.stderr });
    const started = await new Promise<Started>((resolve, reject) => {
      let seen = "";
      let engine = "";
      lines.on("line", (line) => {
        seen += `${line}\n`;
        const record = parse(line);
        if (record?.event === "engine") engine = String(record.engine);
        if (record?.event === "started") resolve({ ...(record as unknown as Started), engine });
      });
      child.on("exit", (code) => reject(new Error(`the proxy ended with ${code}: ${seen}`)));
    });
    const proxy = new RunningProxy(order, child, started);
    lines.on("line", (line) => proxy.#onLine(line));
    child.on("exit", (code, signal) => {
      if (code !== 0) proxy.complaints.push(`the proxy ended with ${code ?? signal}`);
    });
    return proxy;
  }

  get pid(): number {
    return this.#child.pid!;
  }

  /** Another configuration, the same listener: endpoints go, come back and are reweighted. */
  reload(): void {
    const { file } = this.#order;
    writeFileSync(`${file}.new`, configuration(this.#order, this.port, ++this.#turn));
    renameSync(`${file}.new`, file);
    this.#child.kill("SIGHUP");
  }

  async level(): Promise<Level> {
    const metrics = await this.metrics();
    const sum = (pattern: RegExp): number => sumOf(metrics, pattern);
    return {
      descriptors: readdirSync(`/proc/${this.pid}/fd`).length,
      buffers: sum(/^plimsoll_worker_buffers_used\b/),
      open: sum(/^plimsoll_(?:worker_connections|listener_connections|endpoint_connections)_open\b/),
      active: sum(/^plimsoll_(?:listener|cluster|endpoint)_active\b/),
    };
  }

  /** Lines of its access log that tell of these requests. */
  async logged(ids: ReadonlySet<number>): Promise<string[]> {
    const found: string[] = [];
    for await (const line of createInterface({ input: createReadStream(`${this.#order.file}.log`) })) {
      if (ids.has(Number(/^\/soak\/(\d+) /.exec(line)?.[1]))) found.push(line);
    }
    return found;
  }

  metrics(): Promise<string> {
    return new Promise((resolve, reject) => {
      const path = { socketPath: `${this.#order.file}.admin`, path: "/metrics", agent: false };
      get(path, (response) => resolve(text(response))).on("error", reject);
    });
  }

  /** Resident bytes. */
  resident(): number {
    return Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${this.pid}/status`, "utf8"))?.[1] ?? 0) * 1024;
  }

  /** CPU seconds of all its threads. */
  cpuSeconds(): number {
    const stat = readFileSync(`/proc/${this.pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return (Number(fields[11]) + Number(fields[12])) / 100;
  }

  /** Resolves with its exit code. */
  async stop(signal: NodeJS.Signals = "SIGTERM"): Promise<number | null> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return this.#child.exitCode;
    const exited = new Promise<number | null>((resolve) => this.#child.once("exit", (code) => resolve(code)));
    this.#child.kill(signal);
    return exited;
  }

  #onLine(line: string): void {
    const record = parse(line);
    if (record === undefined || record.level === "error" || record.level === "warn") this.complaints.push(line);
  }
}

export function sumOf(metrics: string, pattern: RegExp): number {
  let sum = 0;
  for (const line of metrics.split("\n")) if (pattern.test(line)) sum += Number(line.slice(line.lastIndexOf(" ") + 1));
  return sum;
}

interface Started {
  readonly listeners: readonly string[];
  readonly engine: string;
}

function parse(line: string): Record<string, unknown> | undefined {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
