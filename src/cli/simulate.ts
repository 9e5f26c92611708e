/** `plimsoll simulate`: reads configurations and a scenario or an access log, runs each, and prints the figures. */
import { createReadStream } from "node:fs";
import { readFile } from "node:fs/promises";
import { createInterface } from "node:readline";
import { LbError } from "../base/errors.js";
import { type Loaded, loadFile, type Surroundings } from "../config/load.js";
import { loadScenario } from "../config/load-scenario.js";
import { SCENARIO_DEFAULTS } from "../config/scenario-defaults.js";
import type { Scenario } from "../model/scenario.js";
import { formatReport, type NamedRun } from "../simulate/report.js";
import { simulate } from "../simulate/simulation.js";
import { type Subject, subjectOf } from "../simulate/subject.js";
import { TraceReader } from "../simulate/trace.js";

export interface SimulateOptions {
  readonly config: string;
  /** Further configurations for the same requests. */
  readonly compare: readonly string[];
  readonly cluster: string | undefined;
  /** Exactly one of these two. */
  readonly load: string | undefined;
  readonly trace: string | undefined;
  readonly seed: number;
  readonly json: boolean;
}

interface Run {
  readonly name: string;
  readonly subject: Subject;
}

/**
 * What is to be printed on standard output.
 * @param note tells what of a trace could not be used
 * @throws ConfigError for a bad configuration or scenario, LbError where there is no such cluster or nothing to replay
 */
export async function runSimulation(
  options: SimulateOptions,
  surroundings: Surroundings,
  note: (text: string) => void,
): Promise<string> {
  const runs: Run[] = [];
  for (const file of [options.config, ...options.compare]) {
    runs.push({ name: file, subject: find(file, await loadFile(file, surroundings), options.cluster) });
  }
  const scenario =
    options.load === undefined
      ? await readTrace(options.trace!, runs[0].subject.cluster.name, note)
      : await readScenario(options.load, runs, surroundings);
  const named: NamedRun[] = runs.map(({ name, subject }) => ({
    name,
    figures: simulate(subject, scenario, options.seed),
  }));
  return options.json ? `${JSON.stringify({ runs: named }, undefined, 2)}\n` : formatReport(named);
}

function find(file: string, { spec }: Loaded, cluster: string | undefined): Subject {
  const subject = subjectOf(spec, cluster);
  if (typeof subject === "string") throw new LbError("CONFIG_INVALID", `${file}: ${subject}`);
  return subject;
}

async function readScenario(file: string, runs: readonly Run[], surroundings: Surroundings): Promise<Scenario> {
  const ids = new Set(runs.flatMap(({ subject }) => subject.cluster.endpoints.map(({ id }) => id)));
  return loadScenario(file, await readText(file), surroundings.environment, [...ids]);
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (cause) {
    throw unreadable(file, cause);
  }
}

async function readTrace(file: string, cluster: string, note: (text: string) => void): Promise<Scenario> {
  const reader = new TraceReader(cluster, Date.parse);
  try {
    for await (const line of createInterface({ input: createReadStream(file), crlfDelay: Infinity })) reader.line(line);
  } catch (cause) {
    throw unreadable(file, cause);
  }
  const recorded = reader.finish(Number.parseFloat(SCENARIO_DEFAULTS.roundTrip.value));
  if (recorded === undefined) {
    const message = `${file}: no request to cluster ${cluster} was answered; accessLog with format json is needed`;
    throw new LbError("CONFIG_INVALID", message);
  }
  if (recorded.broken > 0) note(`${file}: ${recorded.broken} lines are no JSON access log and were left out\n`);
  if (recorded.others > 0) note(`${file}: ${recorded.others} lines are about other clusters and were left out\n`);
  return recorded.scenario;
}

function unreadable(file: string, cause: unknown): LbError {
  const { code, message } = cause as NodeJS.ErrnoException;
  return new LbError("CONFIG_INVALID", `${file}: ${code === "ENOENT" ? "there is no such file" : message}`, { cause });
}
