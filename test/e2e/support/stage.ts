/**
 * A proxy between witnesses and raw clients, for all tests of a suite. After every test it proves that nothing was left
 * behind: no request or try is counted as active, no connection is open, and every buffer but the engine's own is free.
 */
import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import net from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, before } from "node:test";
import type { EngineKind } from "../../../src/engine/engine.js";
import { type Supervisor, startSupervisor } from "../../../src/proxy/supervisor.js";
import { parse, RunningProxy } from "../ops-support/proxy.js";
import { until } from "../ops-support/until.js";
import { FullListener } from "./full-listener.js";
import { Wire } from "./wire.js";
import { Witness } from "./witness.js";

export type LogLine = Record<string, unknown> & { readonly tries: { endpoint: string; outcome: string }[] };

const NOTHING_ACTIVE = ["plimsoll_listener_active", "plimsoll_cluster_active", "plimsoll_endpoint_active"];

export class Stage {
  proxy!: RunningProxy;
  witnesses: Witness[] = [];
  readonly clients: Wire[] = [];
  logFile = "";
  /** Buffers that the engine keeps ready while nothing happens. */
  idleBuffers = 0;

  get witness(): Witness {
    return this.witnesses[0];
  }

  async connect(listener = "front"): Promise<Wire> {
    const socket = net.connect({ host: "127.0.0.1", port: this.proxy.port(listener), allowHalfOpen: true });
    await once(socket, "connect");
    const client = new Wire(socket);
    this.clients.push(client);
    return client;
  }

  /** A new client that has sent `text`. */
  async ask(text: string): Promise<Wire> {
    const client = await this.connect();
    client.send(text);
    return client;
  }

  /** The first line of the access log that passes. */
  logged(passes: (line: LogLine) => boolean): Promise<LogLine> {
    return until("a line of the access log", async () => {
      const text = await readFile(this.logFile, "utf8");
      return text
        .split("\n")
        .slice(0, -1)
        .map((line) => JSON.parse(line) as LogLine)
        .find(passes);
    });
  }

  /** Sum of a metric over all label values. */
  metric(name: string, ...labels: string[]): Promise<number> {
    return this.proxy.metric(name, ...labels);
  }

  async assertNothingLeft(): Promise<void> {
    for (const client of this.clients.splice(0)) client.destroy();
    await Promise.all(this.witnesses.map((witness) => witness.settle()));
    for (const name of NOTHING_ACTIVE) {
      await until(`${name} is 0`, async () => (await this.metric(name)) === 0);
    }
    await until("no client is connected", async () => (await this.metric("plimsoll_listener_connections_open")) === 0);
    await until(
      "no endpoint is connected",
      async () => (await this.metric("plimsoll_endpoint_connections_open")) === 0,
    );
    const { endpoints } = await this.proxy.cluster("c");
    for (const { id, active, pending, retries } of endpoints) {
      assert.deepEqual({ active, pending, retries }, { active: 0, pending: 0, retries: 0 }, `shared counts of ${id}`);
    }
    await until(`only ${this.idleBuffers} buffers are in use`, async () => {
      return (await this.metric("plimsoll_worker_buffers_used")) <= this.idleBuffers;
    });
  }
}

export interface StageOptions {
  readonly endpoints?: number;
  /** Keys of listener `front`, one per line, instead of `cluster: c`. */
  readonly listener?: string;
  /** Keys of cluster `c` besides its endpoints. */
  readonly cluster?: string;
  /** Further clusters. */
  readonly more?: string;
  /** Further keys of the file. */
  readonly top?: string;
  /** Cluster `c` has one endpoint more that answers no connect. It comes first. */
  readonly unreachable?: boolean;
}

const indent = (text: string, by: number): string =>
  text
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map((line) => `${" ".repeat(by)}${line}`)
    .join("\n");

/** To be called in a `describe`: the stage stands while its tests run. `{p0}`, `{p1}` ... are the witnesses' ports. */
export function useStage(engine: EngineKind, options: StageOptions = {}): Stage {
  const stage = new Stage();
  let directory = "";
  let full: FullListener | undefined;
  let supervisor: Supervisor | undefined;
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), "plimsoll-"));
    stage.logFile = join(directory, "access.log");
    stage.witnesses = await Promise.all(Array.from({ length: options.endpoints ?? 1 }, () => Witness.start()));
    if (options.unreachable) full = await FullListener.start();
    const ports = [...(full === undefined ? [] : [full.port]), ...stage.witnesses.map(({ port }) => port)];
    const endpoints = ports.map((port) => `127.0.0.1:${port}`).join(", ");
    const yaml = `
listeners:
  - name: front
    address: 127.0.0.1:0
${indent(options.listener ?? "cluster: c", 4)}
clusters:
  c:
${indent(options.cluster?.includes("endpoints:") ? "" : `endpoints: [${endpoints}]`, 4)}
${indent(options.cluster ?? "", 4)}
${indent(options.more ?? "", 2)}
accessLog: ${stage.logFile}
${options.top ?? ""}
`.replace(/\{p(\d)\}/g, (_, index: string) => String(stage.witnesses[Number(index)].port));
    supervisor = await startSupervisor(parse(yaml, engine), { log: () => {} });
    stage.proxy = new RunningProxy(supervisor, [], engine);
    stage.idleBuffers = engine === "io_uring" ? 256 : 0;
  });
  afterEach(() => stage.assertNothingLeft());
  after(async () => {
    await supervisor?.close();
    full?.close();
    await Promise.all(stage.witnesses.map((witness) => witness.close()));
    await rm(directory, { recursive: true, force: true });
  });
  return stage;
}
