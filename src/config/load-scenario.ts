/** From the text of a scenario to what a simulation is told, or to every mistake in it with its line. */
import type { ArrivalSpec, Behaviour, DistributionSpec, EndpointScript, Scenario } from "../model/scenario.js";
import type { Environment } from "./environment.js";
import { toFindings } from "./issues.js";
import { ConfigError, type Finding } from "./problem.js";
import { SCENARIO_DEFAULTS } from "./scenario-defaults.js";
import { endpoint, type ScenarioFile, scenario as schema } from "./schema/scenario.js";
import { parseSource } from "./source.js";
import { suggest } from "./suggest.js";

type EndpointFile = ScenarioFile["endpoints"][number]["value"];
type BehaviourFile = Omit<EndpointFile, "changes">;

/** What all endpoints have in common unless they say otherwise. */
const EVERY = "*";

/** What stands in the table of defaults, as a file would say it. */
const DEFAULT_ENDPOINT = endpoint.parse(
  Object.fromEntries(Object.entries(SCENARIO_DEFAULTS.endpoint).map(([key, { value }]) => [key, value])),
);

/**
 * @param ids of the endpoints that there are
 * @throws ConfigError naming every mistake
 */
export function loadScenario(file: string, text: string, environment: Environment, ids: readonly string[]): Scenario {
  const source = parseSource(file, text, environment);
  const parsed = schema.safeParse(source.value);
  const findings = parsed.success ? check(parsed.data, ids) : toFindings(parsed.error.issues, source.value);
  if (findings.length > 0 || !parsed.success) throw new ConfigError(findings.map(source.place), text);
  return resolve(parsed.data);
}

function check(data: ScenarioFile, ids: readonly string[]): Finding[] {
  const findings: Finding[] = [];
  for (const { name } of data.endpoints) {
    if (name === EVERY || ids.includes(name)) continue;
    const meant = suggest(name, [...ids, EVERY]);
    const hint = meant === undefined ? `endpoints are ${ids.join(", ")}; * stands for all` : `did you mean ${meant}?`;
    const message = `the configuration has no endpoint ${name}`;
    findings.push({ severity: "error", path: ["endpoints", name], at: "key", message, hint });
  }
  if (data.warmup >= data.duration) {
    const message = "nothing is left after the warm-up";
    findings.push({ severity: "error", path: ["warmup"], at: "value", message, hint: "make duration longer" });
  }
  return findings;
}

function resolve(data: ScenarioFile): Scenario {
  const every = data.endpoints.find(({ name }) => name === EVERY)?.value ?? {};
  const others = resolveScript(every);
  const named = data.endpoints.filter(({ name }) => name !== EVERY);
  const { count, zipf } = data.keys;
  return {
    arrivals: resolveArrivals(data.arrivals),
    durationMs: data.duration,
    warmupMs: data.warmup,
    roundTripMs: data.roundTrip,
    idempotent: data.idempotent,
    keys: zipf === 0 ? { kind: "uniform", count } : { kind: "zipf", count, exponent: zipf },
    endpoints: new Map(named.map(({ name, value }) => [name, resolveScript({ ...every, ...given(value) })])),
    others,
  };
}

function resolveArrivals({ poisson, constant, clients, think }: ScenarioFile["arrivals"]): ArrivalSpec {
  if (poisson !== undefined) return { kind: "poisson", perSecond: poisson };
  if (constant !== undefined) return { kind: "constant", perSecond: constant };
  return { kind: "closed", clients: clients!, thinkMs: think ?? 0 };
}

function resolveScript(file: EndpointFile): EndpointScript {
  const first = resolveBehaviour({ ...DEFAULT_ENDPOINT, ...given(file) }, undefined);
  let behaviour = first;
  const changes = [...(file.changes ?? [])]
    .sort((a, b) => a.at - b.at)
    .map((change) => {
      behaviour = resolveBehaviour(change, behaviour);
      return { atMs: change.at, behaviour };
    });
  return { first, changes };
}

/** @param before what holds where the file says nothing; undefined for a file that says everything */
function resolveBehaviour(file: BehaviourFile, before: Behaviour | undefined): Behaviour {
  return {
    service: file.service === undefined ? before!.service : resolveDistribution(file.service),
    slower: file.slower ?? before!.slower,
    servers: file.servers ?? before!.servers,
    queue: file.queue ?? before!.queue,
    errors: file.errors ?? before!.errors,
    errorMs: file.errorTime ?? before!.errorMs,
    errorStatus: file.errorStatus ?? before!.errorStatus,
    down: file.down ?? before!.down,
    hangs: file.hangs ?? before!.hangs,
  };
}

function resolveDistribution(file: NonNullable<EndpointFile["service"]>): DistributionSpec {
  const { constant, exponential, lognormal, pareto } = file;
  if (constant !== undefined) return { kind: "constant", ms: constant };
  if (exponential !== undefined) return { kind: "exponential", meanMs: exponential };
  if (lognormal !== undefined) return { kind: "lognormal", medianMs: lognormal.median, sigma: lognormal.sigma };
  const { least, shape, most } = pareto!;
  return { kind: "pareto", leastMs: least, shape, mostMs: most ?? Number.POSITIVE_INFINITY };
}

/** Without keys that are undefined: these must not hide what `*` says. */
function given(file: EndpointFile): EndpointFile {
  return Object.fromEntries(Object.entries(file).filter(([, value]) => value !== undefined)) as EndpointFile;
}
