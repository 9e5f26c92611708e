/**
 * X-Plimsoll-Explain: a request that shows the token of the configuration gets a response that says why it went where it
 * went. Anybody may send the field: without the token it does nothing, and it never goes further than this proxy.
 */
import { FIELD_STRIDE, Field, type RequestHead } from "../../wire/http1/head.js";
import type { ProxyContext } from "../context.js";
import { describeCandidate } from "../explain/candidate.js";
import type { ProxyCluster } from "../proxy-cluster.js";
import type { ForwardRoute } from "./http-routes.js";
import { latin1 } from "./put-bytes.js";

/** A header that names thousands of endpoints would fit no buffer. */
const MAX_CANDIDATES = 16;

export class AskedExplanation {
  /** As of when the request was routed; undefined where nobody asked. */
  #explanation: object | undefined = undefined;

  /** Looks at the cluster before it chooses: afterwards its figures are others. */
  begin(context: ProxyContext, route: ForwardRoute, cluster: ProxyCluster, head: RequestHead): void {
    this.#explanation = undefined;
    const line = head.first[Field.X_PLIMSOLL_EXPLAIN] * FIELD_STRIDE;
    if (line < 0 || context.explainToken.length === 0) return;
    const { bytes } = context.engine.memory;
    if (!isToken(context.explainToken, bytes, head.fields[line + 3], head.fields[line + 4])) return;
    const { live } = cluster;
    const candidates = live.endpoints.slice(0, MAX_CANDIDATES);
    this.#explanation = {
      route: route.name,
      cluster: cluster.name,
      policy: live.spec.balance.policy,
      ...(live.panicking ? { panic: true } : {}),
      candidates: candidates.map((endpoint) =>
        describeCandidate(endpoint, live.spec.balance, context.shared.cells, context.now()),
      ),
      ...(live.endpoints.length > candidates.length ? { more: live.endpoints.length - candidates.length } : {}),
    };
  }

  /** The lines that a response gets, and behind them the explanation where it was asked for. */
  after(lines: Uint8Array, endpoint: string): Uint8Array {
    if (this.#explanation === undefined) return lines;
    // Names are ASCII, as is all else in it.
    const own = latin1(`x-plimsoll-explain: ${JSON.stringify({ endpoint, ...this.#explanation })}\r\n`);
    const all = new Uint8Array(lines.length + own.length);
    all.set(lines);
    all.set(own, lines.length);
    return all;
  }
}

/** In a time that depends on the length alone: guessing must not be told how many characters were right. */
function isToken(token: Uint8Array, bytes: Uint8Array, start: number, end: number): boolean {
  const length = end - start;
  let difference = length ^ token.length;
  for (let i = 0; i < token.length; i++) difference |= token[i] ^ bytes[start + (i < length ? i : 0)];
  return difference === 0;
}
