/** A `tcp` listener of one worker: each accepted connection becomes a session with one endpoint. */
import { hashText } from "../../base/hash.js";
import type { Conn, ConnHandler } from "../../engine/engine.js";
import { formatAddress } from "../../model/address.js";
import type { TcpListenerSpec } from "../../model/spec.js";
import { L, W } from "../../observe/layout.js";
import type { ProxyContext } from "../context.js";
import type { ProxyCluster } from "../proxy-cluster.js";
import { NORMAL, TcpSession } from "./tcp-session.js";

export class TcpListener {
  readonly context: ProxyContext;
  spec: TcpListenerSpec;
  cluster: ProxyCluster;
  /** Base of its metrics block. */
  readonly metrics: number;
  /** @internal */
  readonly sessions = new Set<TcpSession>();

  constructor(context: ProxyContext, spec: TcpListenerSpec, cluster: ProxyCluster, metrics: number) {
    this.context = context;
    this.spec = spec;
    this.cluster = cluster;
    this.metrics = metrics;
  }

  /** New connections follow the new configuration; open ones stay where they are, under the new idle timeout. */
  update(spec: TcpListenerSpec, cluster: ProxyCluster): void {
    this.spec = spec;
    this.cluster = cluster;
    for (const session of this.sessions) session.watchIdle();
  }

  /** The drain deadline has passed. */
  abort(): void {
    for (const session of this.sessions) session.abort("SHUTTING_DOWN");
  }

  accept(conn: Conn): ConnHandler | undefined {
    const { context } = this;
    const { metrics } = context;
    metrics[W.ACCEPTED]++;
    if (context.connections >= context.maxConnections || context.sheds(NORMAL)) {
      metrics[W.REFUSED]++;
      metrics[this.metrics + L.REFUSED]++;
      return undefined;
    }
    context.connections++;
    metrics[this.metrics + L.CONNECTIONS]++;
    metrics[this.metrics + L.OPEN]++;
    const session = new TcpSession(this, conn);
    this.sessions.add(session);
    const { live, sources } = this.cluster;
    session.begin(live.usesHash || sources !== undefined ? hashPeer(conn) : 0);
    return session.client;
  }
}

function hashPeer(conn: Conn): number {
  const { peer } = conn;
  if (peer === undefined) return 0;
  return hashText(peer.family === "unix" ? peer.path : peer.host);
}

/** The client as the access log names it. */
export function describePeer(conn: Conn): string {
  return conn.peer === undefined ? "unix" : formatAddress(conn.peer);
}
