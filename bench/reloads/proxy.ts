/** The proxy whose configuration is replaced: a process of its own, told of it as an operator would. */
import { type ChildProcess, spawn } from "node:child_process";
import { renameSync, writeFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const PROGRAM = fileURLToPath(new URL("../../src/cli/main.js", import.meta.url));

export interface ReloadOrder {
  readonly engine: string;
  readonly workers: number;
  readonly ports: readonly number[];
  readonly file: string;
}

export class ReloadedProxy {
  readonly port: number;
  /** What it logged as reloads, and as anything that is wrong. */
  readonly changes: string[] = [];
  readonly complaints: string[] = [];
  readonly #order: ReloadOrder;
  readonly #child: ChildProcess;
  #onReloaded: () => void = () => {};

  private constructor(order: ReloadOrder, child: ChildProcess, port: number) {
    this.#order = order;
    this.#child = child;
    this.port = port;
  }

  static start(order: ReloadOrder): Promise<ReloadedProxy> {
    writeFileSync(order.file, configuration(order, 0, 0));
    const child = spawn(process.execPath, [PROGRAM, "run", order.file], { stdio: ["ignore", "ignore", "pipe"] });
    return new Promise((resolve, reject) => {
      let proxy: ReloadedProxy | undefined;
      let seen = "";
      createInterface({ input: child.stderr }).on("line", (line) => {
        seen += `${line}\n`;
        const record = JSON.parse(line);
        if (record.event === "started") {
          proxy = new ReloadedProxy(order, child, Number(record.listeners[0].split(":").at(-1)));
          resolve(proxy);
        } else proxy?.hear(record, line);
      });
      child.on("exit", (code) => reject(new Error(`the proxy ended with ${code}: ${seen}`)));
    });
  }

  /** Resolves once the configuration of this turn is in force. */
  reload(turn: number): Promise<void> {
    const { file } = this.#order;
    writeFileSync(`${file}.new`, configuration(this.#order, this.port, turn));
    renameSync(`${file}.new`, file);
    return new Promise((resolve) => {
      this.#onReloaded = resolve;
    });
  }

  /** Resolves with its exit code. */
  stop(signal: NodeJS.Signals): Promise<number | null> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return Promise.resolve(this.#child.exitCode);
    const exited = new Promise<number | null>((resolve) => this.#child.once("exit", (code) => resolve(code)));
    this.#child.kill(signal);
    return exited;
  }

  /** @internal A line of its log. */
  hear(record: { readonly level: string; readonly event: string; readonly changes?: string }, line: string): void {
    if (record.level === "warn" || record.level === "error") this.complaints.push(line);
    if (record.event !== "reloaded") return;
    this.changes.push(record.changes ?? "");
    this.#onReloaded();
  }
}

/** Each turn leaves out another endpoint, so that one comes back and one goes, reweights the others, and changes their pool. */
function configuration({ engine, workers, ports }: ReloadOrder, port: number, turn: number): string {
  const endpoints = ports.flatMap((each, i) => {
    const weight = 1 + ((turn + i) % 5);
    return turn > 0 && i === turn % ports.length ? [] : [`      - { address: "127.0.0.1:${each}", weight: ${weight} }`];
  });
  return `
listeners: [{ name: front, address: "127.0.0.1:${port}", cluster: back }]
clusters:
  back:
    endpoints:
${endpoints.join("\n")}
    balance: ${turn % 4 === 3 ? "least-request" : "round-robin"}
    pool: { maxIdle: ${100 + turn} }
engine: ${engine}
workers: ${workers}
drain: 10s
`;
}
