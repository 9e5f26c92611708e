/** The commands. What each does is elsewhere: this file only says which words, flags and exit codes there are. */
import { Command, CommanderError, InvalidArgumentError } from "commander";
import { FLAGS, flagSource, type Given } from "../config/flags.js";
import { check as checkSource, type Loaded, loadFile, type Surroundings } from "../config/load.js";
import { suggest } from "../config/suggest.js";
import type { ExplainQuery } from "../model/explanation.js";
import type { ExplainOptions } from "./explain.js";
import type { SimulateOptions } from "./simulate.js";

/** What the commands do. Each returns the exit code: 0 done, 1 failed while running, 2 wrong use or configuration. */
export interface Actions {
  readonly surroundings: Surroundings;
  /** @param file undefined for flags: then there is nothing to reload */
  serve(source: string, file: string | undefined, load: () => Promise<Loaded>): Promise<number>;
  check(file: string, load: () => Promise<Loaded>, isExplained: boolean): Promise<number>;
  /** Says what a reload would do. Returns 1 where there is a difference, 0 where there is none. */
  diff(before: () => Promise<Loaded>, after: () => Promise<Loaded>): Promise<number>;
  schema(): Promise<number>;
  demo(): Promise<number>;
  simulate(options: SimulateOptions): Promise<number>;
  explain(options: ExplainOptions): Promise<number>;
  readonly version: string;
  readonly out: (text: string) => void;
  readonly error: (text: string) => void;
}

const USAGE = 2;

/** @param args without the names of interpreter and program */
export async function runProgram(args: readonly string[], actions: Actions): Promise<number> {
  let code = 0;
  const { surroundings } = actions;
  const program = new Command("plimsoll")
    .description("L4 and L7 load balancer and proxy")
    .version(actions.version, "-V, --version", "print the version")
    .helpOption("-h, --help", "print help")
    .exitOverride()
    .configureOutput({ writeOut: actions.out, writeErr: actions.error })
    .showSuggestionAfterError()
    .allowExcessArguments()
    .addHelpText("after", EXAMPLES);
  for (const flag of FLAGS) {
    const text = `--${flag.name} <${flag.placeholder}${flag.isList === true ? ",..." : ""}>`;
    program.option(text, flag.about, (value: string, before: readonly string[] = []) => [...before, value]);
  }
  program.action(async (options: Readonly<Record<string, readonly string[]>>, command: Command) => {
    const [word] = command.args;
    if (word !== undefined) {
      const meant = suggest(
        word,
        command.commands.map((known) => known.name()),
      );
      command.error(`error: unknown command ${word}${meant === undefined ? "" : `; did you mean ${meant}?`}`);
    }
    const given = givenFlags(options);
    if (given.size === 0) command.help({ error: true });
    if (!given.has("listen") || !given.has("to")) command.error("error: --listen and --to are needed, or run FILE");
    code = await actions.serve("flags", undefined, async () => checkSource(flagSource(given), surroundings));
  });
  program
    .command("run <file>")
    .description("run a configuration: YAML, JSON or a program; reloaded when it changes and on SIGHUP")
    .action(async (file: string) => {
      code = await actions.serve(file, file, () => loadFile(file, surroundings));
    });
  program
    .command("check <file>")
    .description("check a configuration without running it")
    .option("--explain", "print it with every default filled in")
    .option("--diff <old>", "print what a reload from the configuration <old> to <file> would do")
    .action(async (file: string, { explain, diff }: { explain?: boolean; diff?: string }, command: Command) => {
      const load = () => loadFile(file, surroundings);
      if (diff !== undefined && explain === true) command.error("error: --diff and --explain exclude each other");
      if (diff === undefined) code = await actions.check(file, load, explain === true);
      else code = await actions.diff(() => loadFile(diff, surroundings), load);
    });
  program
    .command("schema")
    .description("print the JSON Schema of the file format")
    .action(async () => {
      code = await actions.schema();
    });
  program
    .command("demo")
    .description("run with three endpoints of our own and some traffic")
    .action(async () => {
      code = await actions.demo();
    });
  program
    .command("simulate")
    .description("play a load or an access log against a configuration, in virtual time")
    .requiredOption("--config <file>", "the configuration")
    .option("--load <file>", "how requests arrive and what the endpoints are like (docs/guide/simulate.md)")
    .option("--trace <file>", "a JSON access log: its requests are played again")
    .option("--compare <file>", "another configuration, side by side; may be repeated", collect, [])
    .option("--cluster <name>", "the cluster to simulate, where there are several")
    .option("--seed <number>", "the same seed gives the same figures", parseSeed, 1)
    .option("--json", "print JSON")
    .action(async (options: Partial<SimulateOptions>, command: Command) => {
      if ((options.load === undefined) === (options.trace === undefined))
        command.error("error: give either --load or --trace");
      const { cluster, load, trace, json = false } = options;
      code = await actions.simulate({ ...(options as SimulateOptions), cluster, load, trace, json });
    });
  program
    .command("explain")
    .description("say where a request would go, and why: listener, route, cluster, endpoint")
    .requiredOption("--url <url>", "http://host:port/path; the port tells the listener")
    .option("--method <method>", "case counts", "GET")
    .option("--header <name: value>", "may be repeated", parseHeader, [])
    .option("--source <ip>", "the client's address", "127.0.0.1")
    .option("--config <file>", "go by this configuration; states and load are not known")
    .option("--admin <address>", "ask the running process, by its admin address")
    .option("--seed <number>", "where chance decides", parseSeed, 1)
    .option("--json", "print JSON")
    .action(async (given: ExplainFlags, command: Command) => {
      const { url, method, header: headers, source, seed, config, admin, json = false } = given;
      if ((config === undefined) === (admin === undefined)) command.error("error: give either --config or --admin");
      code = await actions.explain({ query: { url, method, headers, source, seed }, config, admin, json });
    });
  try {
    await program.parseAsync(args, { from: "user" });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : USAGE;
    throw error;
  }
}

interface ExplainFlags extends Omit<ExplainQuery, "headers"> {
  readonly header: ExplainQuery["headers"];
  readonly config?: string;
  readonly admin?: string;
  readonly json?: boolean;
}

function parseHeader(value: string, before: ExplainQuery["headers"]): ExplainQuery["headers"] {
  const match = /^([^:]+):[ \t]*(.*)$/.exec(value);
  if (match === null) throw new InvalidArgumentError("A header is written as 'Name: value'.");
  return [...before, [match[1], match[2]]];
}

function collect(value: string, before: readonly string[]): readonly string[] {
  return [...before, value];
}

function parseSeed(value: string): number {
  if (!/^\d{1,10}$/.test(value)) throw new InvalidArgumentError("A seed is a whole number.");
  return Number(value);
}

/** Commander names options in camel case. */
function givenFlags(options: Readonly<Record<string, readonly string[]>>): Given {
  const given = new Map<string, readonly string[]>();
  for (const { name } of FLAGS) {
    const values = options[name.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase())];
    if (values !== undefined) given.set(name, values);
  }
  return given;
}

const EXAMPLES = `
Examples:
  plimsoll --listen :8080 --to 127.0.0.1:3000,127.0.0.1:3001
  plimsoll --listen :5432 --protocol tcp --to 10.0.0.20:5432,10.0.0.21:5432
  plimsoll run plimsoll.yaml

SIGTERM and SIGINT drain and exit with 0; a second one exits at once (130 or 143). SIGHUP reloads and opens the
access log anew.
Exit codes: 0 done, 1 failed while running, 2 wrong use or configuration; check --diff: 0 no difference, 1 some.
`;
