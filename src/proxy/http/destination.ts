/** Where a request that was routed goes: to which cluster, and with what its policy hashes. */
import type { RequestHead } from "../../wire/http1/head.js";
import type { ProxyCluster } from "../proxy-cluster.js";
import { chooseCluster } from "./choose-cluster.js";
import type { Downstream } from "./downstream.js";
import type { ForwardRoute } from "./http-routes.js";
import type { HttpWorker } from "./http-worker.js";
import { NO_BYTES } from "./put-bytes.js";

export class Destination {
  cluster!: ProxyCluster;
  /** Chance where the cluster hashes and the request has nothing that it could hash. */
  hash = 0;

  /** Decides, while the head is as it was parsed. */
  choose(worker: HttpWorker, route: ForwardRoute, downstream: Downstream, head: RequestHead): void {
    const { engine, random } = worker.context;
    const { bytes } = engine.memory;
    const madeId = downstream.listener.rules.requestId ? worker.requestContext.requestId : NO_BYTES;
    const { split } = route;
    const cluster = split === undefined ? route.cluster : chooseCluster(split, bytes, head, downstream, madeId);
    this.cluster = cluster;
    this.hash = 0;
    if (!cluster.live.usesHash) return;
    const hash = cluster.hash.of(bytes, head, downstream, madeId);
    this.hash = hash >= 0 ? hash : random.next();
  }
}
