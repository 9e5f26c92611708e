/** Where a request that was routed goes: its cluster, what the policy hashes of it, and the endpoint that it was with before. */
import type { RequestHead } from "../../wire/http1/head.js";
import type { ProxyCluster, ProxyEndpoint } from "../proxy-cluster.js";
import { AskedExplanation } from "./asked-explanation.js";
import { chooseCluster } from "./choose-cluster.js";
import type { Downstream } from "./downstream.js";
import type { ForwardRoute } from "./http-routes.js";
import type { HttpWorker } from "./http-worker.js";
import { NO_BYTES } from "./put-bytes.js";

export class Destination {
  cluster!: ProxyCluster;
  /** Chance where the cluster hashes and the request has nothing that it could hash. */
  hash = 0;
  #before: ProxyEndpoint | undefined = undefined;
  readonly #asked = new AskedExplanation();
  #sourceHash = 0;

  /** Decides, while the head is as it was parsed. */
  choose(worker: HttpWorker, route: ForwardRoute, downstream: Downstream, head: RequestHead): void {
    const { engine, random } = worker.context;
    const { bytes } = engine.memory;
    const madeId = downstream.listener.rules.requestId ? worker.requestContext.requestId : NO_BYTES;
    const { split } = route;
    const cluster = split === undefined ? route.cluster : chooseCluster(split, bytes, head, downstream, madeId);
    const { tokens, sources } = cluster;
    this.cluster = cluster;
    this.hash = 0;
    this.#before = undefined;
    this.#asked.begin(worker.context, route, cluster, head);
    if (tokens !== undefined) this.#before = tokens.find(bytes, head);
    else if (sources !== undefined) {
      this.#sourceHash = downstream.sourceHash;
      this.#before = sources.find(this.#sourceHash, worker.context.now());
    }
    if (!cluster.live.usesHash) return;
    const hash = cluster.hash.of(bytes, head, downstream, madeId);
    this.hash = hash >= 0 ? hash : random.next();
  }

  /** As `Query.preferred` wants it: -1 also where the endpoint has left the cluster meanwhile. */
  get preferred(): number {
    const before = this.#before;
    return before !== undefined && this.cluster.live.endpoints[before.index] === before ? before.index : -1;
  }

  /** The request goes to `endpoint`. */
  onAcquired(endpoint: ProxyEndpoint, now: number): void {
    this.cluster.sources?.remember(this.#sourceHash, endpoint, now);
  }

  /** What the response of `endpoint` adds: so that the client comes back to it, and why it was chosen where that was asked. */
  lineFor(endpoint: ProxyEndpoint): Uint8Array {
    return this.#asked.after(endpoint === this.#before ? NO_BYTES : endpoint.data!.tokenLine, endpoint.id);
  }
}
