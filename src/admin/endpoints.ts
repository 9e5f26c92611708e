/**
 * One cluster's endpoints, shown and changed: `/clusters/NAME/endpoints` and `/clusters/NAME/endpoints/ID`. Changes last as long as the
 * process (longer where the configuration names a file for them), or until the endpoint is taken out of the configuration.
 */
import type { IncomingMessage } from "node:http";
import type { Address } from "../model/address.js";
import type { ChangeProblem, ChangeResult, EndpointControl } from "../model/endpoint-change.js";
import { viewClusters } from "../observe/cluster-view.js";
import { type Answer, json } from "./pages.js";
import type { AdminSource } from "./source.js";
import { denyWrite } from "./write-guard.js";

export interface EndpointsOptions {
  readonly address: Address;
  readonly token: string | undefined;
  readonly source: Pick<AdminSource, "observed">;
  readonly endpoints: EndpointControl;
}

/** A change is a few numbers. */
const MAX_BODY_BYTES = 4096;
const STATUS: Readonly<Record<ChangeProblem["code"], number>> = {
  NO_CLUSTER: 404,
  NO_ENDPOINT: 404,
  INVALID: 422,
  REFUSED: 409,
  NOT_KEPT: 500,
};

interface Target {
  readonly cluster: string;
  /** undefined = all of them. */
  readonly id: string | undefined;
}

/** What a path names; undefined for other paths. Names may hold a slash, percent-encoded. */
export function parseEndpointPath(path: string): Target | undefined {
  const match = /^\/clusters\/([^/]+)\/endpoints(?:\/([^/]+))?$/.exec(path);
  if (match === null) return undefined;
  try {
    return { cluster: decodeURIComponent(match[1]), id: match[2] && decodeURIComponent(match[2]) };
  } catch {
    return undefined;
  }
}

export async function answerEndpoint(
  options: EndpointsOptions,
  target: Target,
  request: IncomingMessage,
): Promise<Answer> {
  const { method, headers } = request;
  const { cluster, id } = target;
  if (method === "GET" || method === "HEAD") return show(options, target);
  if (id === undefined || (method !== "PUT" && method !== "DELETE")) {
    const allowed = id === undefined ? "GET, HEAD" : "GET, HEAD, PUT, DELETE";
    return { ...failed(405, "METHOD_NOT_ALLOWED", `${method} is not possible here`, `use ${allowed}`), allow: allowed };
  }
  const denial = denyWrite(options.address, options.token, headers);
  if (denial !== undefined) return failed(denial.status, denial.code, denial.message, denial.hint);
  const { endpoints } = options;
  if (method === "DELETE") return answer(options, target, await endpoints.remove(cluster, id));
  if (!/^application\/json\s*(;|$)/i.test(headers["content-type"] ?? "")) {
    return failed(415, "UNSUPPORTED_MEDIA_TYPE", "the body is not JSON", "send Content-Type: application/json");
  }
  const body = await readBody(request);
  if (body === undefined) {
    return failed(413, "BODY_TOO_LARGE", `the body has more than ${MAX_BODY_BYTES} bytes`, undefined);
  }
  return answer(options, target, await endpoints.change(cluster, id, body));
}

function show({ source, endpoints }: EndpointsOptions, { cluster, id }: Target): Answer {
  const found = viewClusters(source.observed()).find(({ name }) => name === cluster);
  if (found === undefined)
    return failed(404, "NO_CLUSTER", `there is no cluster ${cluster}`, "GET /clusters lists them");
  const overlays = endpoints.overlays(cluster);
  if (id === undefined) return json(200, { endpoints: found.endpoints, overlays });
  const endpoint = found.endpoints.find((one) => one.id === id);
  const overlay = overlays.find((one) => one.id === id);
  if (endpoint === undefined && overlay === undefined) {
    return failed(404, "NO_ENDPOINT", `there is no endpoint ${id}`, `GET /clusters/${cluster}/endpoints lists them`);
  }
  return json(200, { endpoint, overlay });
}

/** After a change: how the endpoint is now. */
function answer(options: EndpointsOptions, target: Target, problem: ChangeResult): Answer {
  if (problem !== undefined) return failed(STATUS[problem.code], problem.code, problem.message, problem.hint);
  const shown = show(options, target);
  // It is gone, which is what was asked for.
  return shown.status === 404 ? json(200, {}) : shown;
}

function failed(status: number, code: string, message: string, hint: string | undefined): Answer {
  return json(status, { error: { code, message, hint } });
}

/** undefined where it is too long; the rest is not read. */
async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const pieces: Buffer[] = [];
  let length = 0;
  for await (const piece of request as AsyncIterable<Buffer>) {
    length += piece.length;
    if (length > MAX_BODY_BYTES) return undefined;
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString("utf8");
}
