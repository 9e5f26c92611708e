/** An `http` listener of one worker: accepts clients and knows what applies to them. */
import type { Conn, ConnHandler } from "../../engine/engine.js";
import type { HttpListenerSpec } from "../../model/spec.js";
import { L, W } from "../../observe/layout.js";
import { CidrSet } from "../../security/cidr.js";
import type { ProxyContext } from "../context.js";
import { Downstream } from "./downstream.js";
import { createForwardingRules, type ForwardingRules } from "./forwarding.js";
import type { HttpRoutes } from "./http-routes.js";
import { HttpWorker } from "./http-worker.js";

export class HttpListener {
  readonly context: ProxyContext;
  readonly worker: HttpWorker;
  /** Base of its metrics block. */
  readonly metrics: number;
  spec: HttpListenerSpec;
  routes: HttpRoutes;
  rules: ForwardingRules;
  trusted: CidrSet;
  /** Removed by a reload, or the worker drains: connections end with their exchange. */
  closing = false;
  /** @internal */
  readonly downstreams = new Set<Downstream>();

  constructor(context: ProxyContext, spec: HttpListenerSpec, routes: HttpRoutes, metrics: number) {
    this.context = context;
    this.worker = new HttpWorker(context);
    this.metrics = metrics;
    this.spec = spec;
    this.routes = routes;
    this.rules = createForwardingRules(spec);
    this.trusted = new CidrSet(spec.trustedProxies);
  }

  /** The next request of every connection follows the new configuration; exchanges under way keep their route. */
  update(spec: HttpListenerSpec, routes: HttpRoutes): void {
    this.spec = spec;
    this.routes = routes;
    this.rules = createForwardingRules(spec);
    this.trusted = new CidrSet(spec.trustedProxies);
  }

  /** It gets no new connections; idle ones end now, the others with their exchange. */
  close(): void {
    this.closing = true;
    for (const downstream of this.downstreams) downstream.endSoon();
  }

  /** The drain deadline has passed. */
  abort(): void {
    for (const downstream of this.downstreams) downstream.abort("SHUTTING_DOWN");
  }

  accept(conn: Conn): ConnHandler | undefined {
    const { context } = this;
    const { metrics } = context;
    metrics[W.ACCEPTED]++;
    if (context.connections >= context.maxConnections) {
      metrics[W.REFUSED]++;
      metrics[this.metrics + L.REFUSED]++;
      return undefined;
    }
    context.connections++;
    metrics[this.metrics + L.CONNECTIONS]++;
    metrics[this.metrics + L.OPEN]++;
    const downstream = new Downstream(this, conn);
    this.downstreams.add(downstream);
    return downstream;
  }
}
