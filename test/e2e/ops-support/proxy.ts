/** A whole proxy in this process, configured by YAML as an operator would, with its log and its pages at hand. */
import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import { parseEndpointChange } from "../../../src/config/endpoint-change.js";
import { parseEndpointFile } from "../../../src/config/endpoint-file.js";
import { loadText } from "../../../src/config/load.js";
import { chooseEngine } from "../../../src/engine/choose.js";
import type { EngineKind } from "../../../src/engine/engine.js";
import type { Spec } from "../../../src/model/spec.js";
import type { ClusterView } from "../../../src/observe/cluster-view.js";
import {
  type LogRecord,
  type Supervisor,
  type SupervisorOptions,
  startSupervisor,
} from "../../../src/proxy/supervisor.js";
import { until } from "./until.js";

export class RunningProxy {
  readonly supervisor: Supervisor;
  readonly log: readonly LogRecord[];
  readonly #engine: EngineKind;

  constructor(supervisor: Supervisor, log: readonly LogRecord[], engine: EngineKind) {
    this.supervisor = supervisor;
    this.log = log;
    this.#engine = engine;
  }

  /** The port of listener `name`. */
  port(name = "front"): number {
    const address = this.supervisor.listening.find((one) => one.name === name)?.address;
    assert.ok(address !== undefined && address.family !== "unix", `listener ${name} listens`);
    return address.port;
  }

  reload(yaml: string): Promise<void> {
    return this.supervisor.reload(parse(yaml, this.#engine));
  }

  async page(path: string): Promise<{ status: number; text: string }> {
    const response = await fetch(`http://${this.supervisor.admin}${path}`);
    return { status: response.status, text: await response.text() };
  }

  /** Sum of all samples of a metric whose labels contain `labels`. */
  async metric(name: string, ...labels: string[]): Promise<number> {
    const { text } = await this.page("/metrics");
    let sum = 0;
    let found = false;
    for (const line of text.split("\n")) {
      if (!(line.startsWith(`${name}{`) || line.startsWith(`${name} `))) continue;
      if (!labels.every((label) => line.includes(label))) continue;
      found = true;
      sum += Number(line.slice(line.lastIndexOf(" ") + 1));
    }
    assert.ok(found, `there is a metric ${name} with ${labels}`);
    return sum;
  }

  async cluster(name: string): Promise<ClusterView> {
    const { clusters } = JSON.parse((await this.page("/clusters")).text) as { clusters: ClusterView[] };
    const found = clusters.find((cluster) => cluster.name === name);
    assert.ok(found !== undefined, `there is a cluster ${name}`);
    return found;
  }

  /** Resolves with the first record of this kind that passes. */
  logged(event: string, passes: (record: LogRecord) => boolean = () => true): Promise<LogRecord> {
    return until(`a log record ${event}`, () => this.log.find((one) => one.event === event && passes(one)));
  }
}

/** Lines are indented as in the test; `admin` is added. */
export async function startProxy(
  t: TestContext,
  engine: EngineKind,
  yaml: string,
  options: Partial<SupervisorOptions> = {},
  admin = "127.0.0.1:0",
): Promise<RunningProxy> {
  const log: LogRecord[] = [];
  const supervisor = await startSupervisor(parse(yaml, engine, admin), {
    log: (record) => log.push(record),
    parseChange: parseEndpointChange,
    parseEndpoints: (file, text) => parseEndpointFile(file, text, {}),
    ...options,
  });
  t.after(() => supervisor.close());
  return new RunningProxy(supervisor, log, engine);
}

export function parse(yaml: string, engine: EngineKind, admin = "127.0.0.1:0"): Spec {
  const text = `admin: ${admin}\nengine: ${engine}\n${/^workers:/m.test(yaml) ? "" : "workers: 1\n"}${yaml}`;
  return loadText("test.yaml", text, { environment: {}, cores: 2 }).spec;
}

const ALL: readonly EngineKind[] = ["io_uring", "epoll", "node"];

/** The engines that work here. */
export const ENGINES: readonly EngineKind[] = await Promise.all(
  ALL.map(async (kind) => {
    const options = { highWaterBytes: 1, lowWaterBytes: 0, backlog: 1, reusePort: false };
    try {
      const { engine } = await chooseEngine(kind, 1 << 20, options);
      engine.stop();
      engine.run();
      return kind;
    } catch {
      return undefined;
    }
  }),
).then((kinds) => kinds.filter((kind) => kind !== undefined));

/** What may be given to `skip`: false, or why workers cannot share a port with this engine. */
export async function cannotShare(engine: EngineKind): Promise<string | false> {
  if (engine !== "node") return false;
  const { REUSE_PORT } = await import("../../../src/engine/node/node-listening.js");
  return REUSE_PORT ? false : "net.Server has no reusePort before Node 22.12";
}
