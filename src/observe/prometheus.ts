/**
 * The metrics page: everything configured, also what nobody has used yet, and nothing that is not. Worker figures are
 * shown per worker; those of listeners, clusters and endpoints are sums over all workers.
 */
import { CODES, TRAITS } from "../base/errors.js";
import { HISTOGRAM_SIZE, histogramAdd } from "../base/histogram.js";
import { discoveryLines } from "./discovery-lines.js";
import { COARSE_BOUNDS, FINE_BOUNDS, header, histogramSamples, labels, type MetricType, sample } from "./exposition.js";
import { CLUSTER_FAMILIES, ENDPOINT_FAMILIES, type Family, LISTENER_FAMILIES, WORKER_FAMILIES } from "./families.js";
import { healthLines } from "./health-lines.js";
import { C, clusterBase, E, endpointBase, L, listenerBase } from "./layout.js";
import { ENDPOINT_STATES, type MainView, type Observed } from "./observed.js";
import { endpointKey } from "./slots.js";

const PIECE = 32_768;

/** The page in pieces of some tens of kilobytes, computed as they are asked for. */
export function* renderMetrics(observed: Observed): Generator<string> {
  let text = "";
  for (const line of lines(observed)) {
    text += line;
    if (text.length < PIECE) continue;
    yield text;
    text = "";
  }
  if (text !== "") yield text;
}

/** One object whose figures are exported: its labels, and where its block is in which memories. */
interface Series {
  readonly labels: string;
  readonly base: number;
  readonly memories: readonly Float64Array[];
}

function* lines(observed: Observed): Generator<string> {
  const { spec, slots, workers } = observed;
  const memories = workers.map((worker) => worker.metrics);
  yield* mainLines(observed.main);

  const workerSeries = workers.map(({ worker, engine, metrics }): Series => {
    return { labels: labels({ worker: String(worker), engine }), base: 0, memories: [metrics] };
  });
  yield header("plimsoll_worker_restarts_total", "counter", "Times the worker died and was replaced.");
  for (const { worker, restarts } of workers) {
    yield sample("plimsoll_worker_restarts_total", labels({ worker: String(worker) }), restarts);
  }
  yield* familyLines(WORKER_FAMILIES, workerSeries);

  const listenerSeries = (kind: "http" | "tcp"): Series[] =>
    spec.listeners
      .filter((listener) => listener.kind === kind)
      .map(({ name }) => {
        return { labels: labels({ listener: name }), base: listenerBase(slots.listeners.get(name)!), memories };
      });
  const http = listenerSeries("http");
  const tcp = listenerSeries("tcp");
  yield* familyLines(LISTENER_FAMILIES, [...http, ...tcp]);
  yield* statusLines("plimsoll_listener_requests_total", "Requests finished, by status sent.", http, L.REQUESTS_NONE);
  yield* errorLines([...http, ...tcp]);
  yield* histogramLines(
    "plimsoll_listener_request_duration_seconds",
    "First byte of a request to the last byte of its response.",
    http,
    L.DURATION,
    FINE_BOUNDS,
  );
  yield* histogramLines(
    "plimsoll_listener_connection_duration_seconds",
    "Client connections of TCP listeners, accept to close.",
    tcp,
    L.DURATION,
    FINE_BOUNDS,
  );

  const clusterSeries = spec.clusters.map(({ name }): Series => {
    return { labels: labels({ cluster: name }), base: clusterBase(slots.clusters.get(name)!), memories };
  });
  yield* familyLines(CLUSTER_FAMILIES, clusterSeries);
  yield* statusLines(
    "plimsoll_cluster_requests_total",
    "Tries finished, by status received.",
    clusterSeries,
    C.REQUESTS_NONE,
  );
  yield* histogramLines(
    "plimsoll_cluster_queue_seconds",
    "Time in the queue of those that have left it, for whatever reason.",
    clusterSeries,
    C.QUEUE_TIME,
    COARSE_BOUNDS,
  );
  yield* limitLines(observed);
  yield* stateLines(observed);
  yield* discoveryLines(observed);
  yield* healthLines(observed);

  const endpointSeries = spec.clusters.flatMap((cluster) =>
    cluster.endpoints.map(({ id }): Series => {
      const base = endpointBase(slots.endpoints.get(endpointKey(cluster.name, id))!);
      return { labels: labels({ cluster: cluster.name, endpoint: id }), base, memories };
    }),
  );
  yield* familyLines(ENDPOINT_FAMILIES, endpointSeries);
  yield* histogramLines(
    "plimsoll_endpoint_response_seconds",
    "Request sent to response header received; TCP: time to connect.",
    endpointSeries,
    E.RESPONSE,
    COARSE_BOUNDS,
  );
}

function* mainLines({ version, process, reloads, logErrors }: MainView): Generator<string> {
  const info = labels({ version, node: process.nodeVersion });
  const { loopDelay } = process;
  yield* single("plimsoll_build_info", "gauge", "Always 1; the labels say what runs.", 1, info);
  yield* single("plimsoll_uptime_seconds", "gauge", "Time since the start.", process.uptimeSeconds);
  yield header("plimsoll_config_reloads_total", "counter", "Configurations applied, and refused.");
  yield sample("plimsoll_config_reloads_total", 'result="ok"', reloads.ok);
  yield sample("plimsoll_config_reloads_total", 'result="failed"', reloads.failed);
  yield* single("plimsoll_access_log_write_errors_total", "counter", "Failed writes of the access log.", logErrors);
  const delay = "How late the main thread's event loop was since the last look";
  yield* single("plimsoll_main_loop_delay_mean_seconds", "gauge", `${delay}: mean.`, loopDelay.meanMs / 1000);
  yield* single("plimsoll_main_loop_delay_p99_seconds", "gauge", `${delay}: 99th percentile.`, loopDelay.p99Ms / 1000);
  yield* single("plimsoll_main_loop_delay_max_seconds", "gauge", `${delay}: maximum.`, loopDelay.maxMs / 1000);
  yield* single("process_cpu_seconds_total", "counter", "CPU time of all threads.", process.cpuSeconds);
  yield* single("process_resident_memory_bytes", "gauge", "Resident memory.", process.residentBytes);
  yield* single("process_start_time_seconds", "gauge", "When it started, seconds since 1970.", process.startedAt);
  if (process.openFiles !== undefined) {
    yield* single("process_open_fds", "gauge", "Open file descriptors.", process.openFiles);
  }
}

function* single(name: string, type: MetricType, help: string, value: number, text = ""): Generator<string> {
  yield header(name, type, help);
  yield sample(name, text, value);
}

function* familyLines(families: readonly Family[], series: readonly Series[]): Generator<string> {
  for (const { name, type, help, field } of families) {
    yield header(name, type, help);
    for (const one of series) yield sample(name, one.labels, sum(one, field));
  }
}

function* statusLines(name: string, help: string, series: readonly Series[], first: number): Generator<string> {
  yield header(name, "counter", help);
  for (const one of series) {
    for (let status = 0; status <= 5; status++) {
      const text = `${one.labels},status="${status === 0 ? "none" : `${status}xx`}"`;
      yield sample(name, text, sum(one, first + status));
    }
  }
}

function* errorLines(series: readonly Series[]): Generator<string> {
  const name = "plimsoll_listener_errors_total";
  yield header(name, "counter", "Requests and connections that failed, by error code and whose fault it was.");
  for (const one of series) {
    for (const [number, code] of CODES.entries()) {
      yield sample(name, `${one.labels},code="${code}",side="${TRAITS[code].side}"`, sum(one, L.ERRORS + number));
    }
  }
}

function* limitLines({ spec, adaptiveLimit }: Observed): Generator<string> {
  const name = "plimsoll_cluster_adaptive_limit";
  yield header(name, "gauge", "Requests that an adaptive limit allows now; 0 = not found out yet.");
  for (const cluster of spec.clusters) {
    if (cluster.adaptive !== undefined) {
      yield sample(name, labels({ cluster: cluster.name }), adaptiveLimit(cluster.name));
    }
  }
}

function* stateLines({ spec, status }: Observed): Generator<string> {
  yield header("plimsoll_cluster_endpoints", "gauge", "Endpoints in each state.");
  for (const { name, endpoints } of spec.clusters) {
    const states = endpoints.map((endpoint) => status(name, endpoint.id).state);
    for (const state of ENDPOINT_STATES) {
      const count = states.filter((each) => each === state).length;
      yield sample("plimsoll_cluster_endpoints", labels({ cluster: name, state }), count);
    }
  }
  yield header("plimsoll_endpoint_state", "gauge", "1 for the state the endpoint is in, 0 for the others.");
  for (const { name, endpoints } of spec.clusters) {
    for (const { id } of endpoints) {
      const current = status(name, id).state;
      const text = labels({ cluster: name, endpoint: id });
      for (const state of ENDPOINT_STATES) {
        yield sample("plimsoll_endpoint_state", `${text},state="${state}"`, state === current ? 1 : 0);
      }
    }
  }
}

function* histogramLines(
  name: string,
  help: string,
  series: readonly Series[],
  field: number,
  bounds: readonly number[],
): Generator<string> {
  yield header(name, "histogram", help);
  const merged = new Float64Array(HISTOGRAM_SIZE);
  for (const one of series) {
    merged.fill(0);
    for (const memory of one.memories) histogramAdd(merged, 0, memory, one.base + field);
    yield* histogramSamples(name, one.labels, merged, bounds);
  }
}

function sum({ memories, base }: Series, field: number): number {
  let total = 0;
  for (const memory of memories) total += memory[base + field]!;
  return total;
}
