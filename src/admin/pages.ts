/** The pages of the admin server: a table from path to what it shows. Everything here only reads. */
import { viewClusters } from "../observe/cluster-view.js";
import { CONTENT_TYPE } from "../observe/exposition.js";
import { renderMetrics } from "../observe/prometheus.js";
import { configJson } from "./config-json.js";
import { parseExplainQuery } from "./explain-query.js";
import type { AdminSource } from "./source.js";

export interface Answer {
  readonly status: number;
  readonly type: string;
  /** Methods, for 405. */
  readonly allow?: string;
  /** In pieces, computed as they are sent. */
  readonly body: Iterable<string>;
}

interface Page {
  readonly about: string;
  readonly answer: (source: AdminSource, query: string) => Answer;
}

const PAGES: ReadonlyMap<string, Page> = new Map<string, Page>([
  ["/live", { about: "200 as long as the main thread runs", answer: () => text(200, "live\n") }],
  [
    "/ready",
    {
      about: "200 when all listeners are up and nothing drains, else 503 with the reasons (JSON)",
      answer: (source) => {
        const readiness = source.readiness();
        return json(readiness.ready ? 200 : 503, readiness);
      },
    },
  ],
  [
    "/metrics",
    {
      about: "figures in Prometheus text format",
      answer: (source) => ({ status: 200, type: CONTENT_TYPE, body: renderMetrics(source.observed()) }),
    },
  ],
  [
    "/clusters",
    {
      about:
        "clusters and their endpoints: state, reason, load, latency (JSON); /clusters/NAME/endpoints/ID changes one",
      answer: (source) => json(200, { clusters: viewClusters(source.observed()) }),
    },
  ],
  [
    "/config",
    {
      about: "the configuration in force, all defaults filled in, secrets left out (JSON)",
      answer: (source) => ({ status: 200, type: "application/json", body: [configJson(source.observed().spec)] }),
    },
  ],
  [
    "/explain",
    {
      about: "why a request goes where it goes: ?url=...&method=...&header=Name:%20value&source=...&seed=... (JSON)",
      answer: (source, query) => {
        const asked = parseExplainQuery(query);
        const explanation = typeof asked === "string" ? asked : source.explain(asked);
        return typeof explanation === "string" ? text(400, `${explanation}\n`) : json(200, explanation);
      },
    },
  ],
  ["/", { about: "this list", answer: () => text(200, index()) }],
]);

/** @param query without its `?` */
export function answerPage(path: string, query: string, source: AdminSource): Answer {
  return PAGES.get(path)?.answer(source, query) ?? text(404, `not found; there is:\n${index()}`);
}

export function text(status: number, body: string): Answer {
  return { status, type: "text/plain; charset=utf-8", body: [body] };
}

export function json(status: number, value: unknown): Answer {
  return { status, type: "application/json", body: [`${JSON.stringify(value, undefined, 2)}\n`] };
}

function index(): string {
  return [...PAGES].map(([path, { about }]) => `${path.padEnd(10)} ${about}\n`).join("");
}
