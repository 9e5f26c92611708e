/** The program: connects the commands to this process. Nothing here is worth a test of its own. */
import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { LbError } from "../base/errors.js";
import { diffSpecs } from "../config/diff.js";
import { parseEndpointChange } from "../config/endpoint-change.js";
import { parseEndpointFile } from "../config/endpoint-file.js";
import { explain } from "../config/explain.js";
import { formatProblems } from "../config/frame.js";
import { jsonSchema } from "../config/json-schema.js";
import type { Loaded } from "../config/load.js";
import { printable } from "../config/printable.js";
import { ConfigError } from "../config/problem.js";
import { type Watch, watchFile } from "../discovery/io/watch-file.js";
import { createLog } from "./log.js";
import { type Actions, runProgram } from "./program.js";
import { logProblems, reportChanges, reportProblems } from "./report.js";
import { run, type StartSupervisor } from "./run.js";
import { onSignals } from "./signals.js";

const out = (text: string): void => void process.stdout.write(text);
const error = (text: string): void => void process.stderr.write(text);

const actions: Actions = {
  surroundings: { environment: process.env, cores: availableParallelism() },
  version: readVersion(),
  out,
  error,
  serve,
  check: async (file, load, isExplained) => {
    const { spec, warnings, text } = await load();
    if (warnings.length > 0) error(`${formatProblems(warnings, text)}\n`);
    out(isExplained ? explain(spec) : `${file} is valid\n`);
    return 0;
  },
  diff: async (before, after) => {
    const old = (await before()).spec;
    const { spec, warnings, text } = await after();
    if (warnings.length > 0) error(`${formatProblems(warnings, text)}\n`);
    const changes = diffSpecs(old, spec);
    out(reportChanges(changes));
    return changes.length === 0 ? 0 : 1;
  },
  schema: async () => {
    out(jsonSchema());
    return 0;
  },
  demo: async () => {
    const { runDemo } = await import("./demo/demo.js");
    await runDemo();
    return 0;
  },
  explain: async (options) => {
    const { runExplain } = await import("./explain.js");
    out(await runExplain(options, actions.surroundings));
    return 0;
  },
  simulate: async (options) => {
    const { runSimulation } = await import("./simulate.js");
    out(await runSimulation(options, actions.surroundings, error));
    return 0;
  },
};

async function serve(source: string, file: string | undefined, load: () => Promise<Loaded>): Promise<number> {
  const isTerminal = process.stderr.isTTY === true;
  const log = createLog({ write: error, isTerminal, now: () => new Date() });
  // A log that is read by a program stays one record a line.
  const show = (cause: ConfigError): void => {
    if (isTerminal) error(reportProblems(cause));
    else logProblems(cause.problems, log);
  };
  // Only once the configuration is known to be good: a mistake is told at once, and without engines.
  const start: StartSupervisor = async (spec, options) => {
    const { startSupervisor } = await import("../proxy/supervisor.js");
    const parseEndpoints = (path: string, text: string) => parseEndpointFile(path, text, process.env);
    return startSupervisor(spec, { ...options, parseEndpoints, parseChange: parseEndpointChange });
  };
  const after = (ms: number, task: () => void): (() => void) => {
    const timer = setTimeout(task, ms);
    return () => clearTimeout(timer);
  };
  let watched: Watch | undefined;
  try {
    const running = await run({ source, load, start, version: actions.version, log, show, after });
    if (file !== undefined) watched = watch(file, () => running.reload(false));
    return await new Promise<number>((resolve, reject) => {
      onSignals(process, {
        log,
        stop: () => void running.stop().then(resolve, reject),
        reload: () => {
          running.reopenLogs();
          void running.reload(true);
        },
        exit: (code) => process.exit(code),
      });
    });
  } finally {
    watched?.close();
    // The process ends by itself now; should anything hold it, the operator must not have to kill it.
    setTimeout(() => process.exit(), 1000).unref();
  }

  function watch(path: string, changed: () => void) {
    return watchFile(path, changed, (cause) => {
      const fields = { error: cause.message };
      log({ level: "warn", event: "watch_failed", message: `${path} is not watched; SIGHUP still reloads`, fields });
    });
  }
}

function readVersion(): string {
  const text = readFileSync(new URL(import.meta.resolve("plimsoll/package.json")), "utf8");
  return (JSON.parse(text) as { version: string }).version;
}

async function main(): Promise<number> {
  try {
    return await runProgram(process.argv.slice(2), actions);
  } catch (cause) {
    if (cause instanceof ConfigError) {
      error(reportProblems(cause));
      return 2;
    }
    // What Plimsoll names itself needs no stack: it is the operator's business, not a defect.
    error(cause instanceof LbError ? `error: ${printable(cause.message)}\n` : `${(cause as Error).stack}\n`);
    return 1;
  }
}

process.exitCode = await main();
