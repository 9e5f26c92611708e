import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { describe, it, type TestContext } from "node:test";
import { CODES } from "../base/errors.js";
import { histogramRecord } from "../base/histogram.js";
import { createObserved, createSpec } from "../testing/observed.js";
import { createClusterSpec } from "../testing/specs.js";
import { C, CODE_NUMBER, clusterBase, E, endpointBase, L, listenerBase, W } from "./layout.js";
import type { Observed } from "./observed.js";
import { renderMetrics } from "./prometheus.js";
import { endpointKey } from "./slots.js";

const render = (observed: Observed): string => [...renderMetrics(observed)].join("");
const samplesOf = (page: string): string[] => page.split("\n").filter((line) => line !== "" && !line.startsWith("#"));

function busy(): Observed {
  const observed = createObserved(undefined, { e1: { state: "down", reason: "timed out" } });
  const { slots, workers } = observed;
  for (const { metrics, worker } of workers) {
    metrics[W.ACCEPTED] = 10 + worker;
    const listener = listenerBase(slots.listeners.get("front")!);
    metrics[listener + L.REQUESTS_2XX] = 5;
    metrics[listener + L.REQUESTS_NONE] = 1;
    metrics[listener + L.ERRORS + CODE_NUMBER.CONNECT_REFUSED] = 2;
    histogramRecord(metrics, listener + L.DURATION, 3);
    metrics[clusterBase(slots.clusters.get("web")!) + C.RETRIES] = 7;
    const endpoint = endpointBase(slots.endpoints.get(endpointKey("web", "e0"))!);
    metrics[endpoint + E.ACTIVE] = 1;
    histogramRecord(metrics, endpoint + E.RESPONSE, 1000);
  }
  return observed;
}

describe("metrics page", () => {
  const page = render(busy());

  for (const line of [
    'plimsoll_build_info{version="1.2.3",node="v20.20.0"} 1',
    'plimsoll_config_reloads_total{result="failed"} 1',
    "plimsoll_main_loop_delay_max_seconds 0.01",
    "process_cpu_seconds_total 3.25",
    'plimsoll_worker_restarts_total{worker="1"} 1',
    'plimsoll_worker_connections_accepted_total{worker="1",engine="io_uring"} 11',
    'plimsoll_listener_requests_total{listener="front",status="2xx"} 10',
    'plimsoll_listener_requests_total{listener="front",status="none"} 2',
    'plimsoll_listener_errors_total{listener="front",code="CONNECT_REFUSED",side="upstream"} 4',
    'plimsoll_listener_request_duration_seconds_bucket{listener="front",le="0.002"} 0',
    'plimsoll_listener_request_duration_seconds_bucket{listener="front",le="0.004"} 2',
    'plimsoll_listener_request_duration_seconds_sum{listener="front"} 0.006',
    'plimsoll_listener_connection_duration_seconds_count{listener="database"} 0',
    'plimsoll_cluster_retries_total{cluster="web"} 14',
    'plimsoll_cluster_endpoints{cluster="web",state="up"} 1',
    'plimsoll_cluster_endpoints{cluster="web",state="down"} 1',
    'plimsoll_endpoint_state{cluster="web",endpoint="e1",state="down"} 1',
    'plimsoll_endpoint_state{cluster="web",endpoint="e1",state="up"} 0',
    'plimsoll_endpoint_active{cluster="web",endpoint="e0"} 2',
    'plimsoll_discovery_endpoints{cluster="web",source="file /web.yaml"} 2',
    'plimsoll_discovery_updates_total{cluster="web",source="file /web.yaml"} 3',
    'plimsoll_discovery_failures_total{cluster="web",source="file /web.yaml"} 1',
    'plimsoll_discovery_failing{cluster="web",source="file /web.yaml"} 1',
    'plimsoll_endpoint_response_seconds_count{cluster="web",endpoint="e0"} 2',
  ]) {
    it(`has ${line}`, () => assert.ok(page.split("\n").includes(line)));
  }

  it("shows what is configured although nobody used it, and every error code", () => {
    const untouched = render(createObserved());
    const names = (text: string) => samplesOf(text).map((line) => line.slice(0, line.lastIndexOf(" ")));
    assert.deepEqual(names(untouched), names(page));
    for (const code of CODES) assert.ok(untouched.includes(`listener="database",code="${code}"`), code);
  });

  it("shows nothing for what is not configured", () => {
    const empty = render(createObserved(createSpec({ listeners: [], clusters: [] })));
    assert.doesNotMatch(empty, /(listener|cluster|endpoint)=/);
  });

  it("has each series once, and the samples of a name together under one header", () => {
    const series = samplesOf(page).map((line) => line.slice(0, line.lastIndexOf(" ")));
    assert.equal(new Set(series).size, series.length);
    const types = [...page.matchAll(/^# TYPE (\S+) /gm)].map((match) => match[1]);
    assert.equal(new Set(types).size, types.length);
  });

  it("comes in pieces for many endpoints", () => {
    const observed = createObserved(createSpec({ clusters: [createClusterSpec(500)] }));
    const pieces = [...renderMetrics(observed)];
    assert.ok(pieces.length > 10 && pieces.every((piece) => piece.length < 40_000));
    assert.equal([...pieces.join("").matchAll(/^plimsoll_endpoint_requests_total/gm)].length, 500);
  });

  for (const [name, observed] of [
    ["a busy proxy", busy()],
    ["an unused one", createObserved()],
    [
      "names with quotes, backslashes and line ends",
      createObserved(createSpec({ clusters: [createClusterSpec(1, { name: 'a"b\\c\nd' })] })),
    ],
  ] as const) {
    it(`satisfies promtool check metrics, for ${name}`, (context) => promtool(context, render(observed)));
  }
});

function promtool(context: TestContext, text: string): void {
  const run = spawnSync("promtool", ["check", "metrics"], { input: text, encoding: "utf8" });
  if (run.error !== undefined) {
    assert.notEqual(process.env.PLIMSOLL_EXPECT_PEERS, "1", `promtool is expected here: ${run.error.message}`);
    context.skip(`promtool is not installed (${run.error.message})`);
    return;
  }
  assert.equal(run.status, 0, run.stdout + run.stderr);
  assert.equal(run.stdout + run.stderr, "");
}
