/** Mirroring: which requests of a route are copied, and what an exchange does with its copy. The copy itself is a Shadow. */
import { percentOf2to32 } from "../../base/random.js";
import type { Conn } from "../../engine/engine.js";
import type { HeaderOperation, MirrorSpec } from "../../model/spec.js";
import type { RequestHead } from "../../wire/http1/head.js";
import type { ProxyCluster } from "../proxy-cluster.js";
import type { ByteSink } from "./body-transfer.js";
import type { Downstream } from "./downstream.js";
import type { Flight } from "./flight.js";
import { compileHeaderOperations, type HeaderOperations } from "./header-operations.js";
import type { ForwardRoute } from "./http-routes.js";
import type { HttpWorker } from "./http-worker.js";
import type { RequestContext } from "./request-writer.js";
import type { Shadow } from "./shadow.js";

/** Tells the endpoint that nobody waits for its answer, and that somebody else does the work. */
const MARK: HeaderOperation = { kind: "set", name: "x-plimsoll-mirror", value: "1" };

/** Of a route, compiled. */
export class Mirror {
  readonly cluster: ProxyCluster;
  /** Of the route, and the mark. */
  readonly operations: HeaderOperations;
  /** Of the values that chance draws, those below are copied. */
  readonly below: number;
  /** Copies that may be under way at once. */
  readonly max: number;
  /** Copies under way. */
  active = 0;

  constructor(spec: MirrorSpec, operations: readonly HeaderOperation[], cluster: ProxyCluster) {
    this.cluster = cluster;
    this.operations = compileHeaderOperations([...operations, MARK]);
    this.below = percentOf2to32(spec.percent);
    this.max = spec.max;
  }
}

/** Of an exchange. Nothing is done for requests that are not copied. */
export class Mirroring implements ByteSink {
  readonly #worker: HttpWorker;
  #shadow: Shadow | undefined = undefined;
  #conn: Conn | undefined = undefined;

  constructor(worker: HttpWorker) {
    this.#worker = worker;
  }

  /** The original's head was written by `request`, and is still as it came. Upgrades are never copied. */
  onHead(route: ForwardRoute, head: RequestHead, downstream: Downstream, request: RequestContext): void {
    const { mirror } = route;
    if (mirror === undefined || request.tunnel || this.#worker.context.random.next() >= mirror.below) return;
    const shadow = this.#worker.takeShadow();
    if (shadow.prepare(mirror, head, downstream, request, route.timeouts)) this.#shadow = shadow;
    else this.#worker.putShadow(shadow);
  }

  /** The original is about to be sent. */
  start(flight: Flight, isComplete: boolean): void {
    this.#shadow?.start(flight, isComplete);
  }

  /** Where more of the body goes: to `conn`, and to the copy where there is one. */
  sink(conn: Conn): ByteSink {
    if (this.#shadow === undefined) return conn;
    this.#conn = conn;
    return this;
  }

  /** @internal ByteSink */
  send(buffer: number, start: number, end: number): void {
    this.#conn!.send(buffer, start, end);
    this.#shadow!.send(buffer, start, end);
  }

  /** The body is complete. */
  complete(): void {
    this.#shadow?.complete();
  }

  /** The exchange is over: a copy that is whole goes on alone. */
  end(): void {
    const shadow = this.#shadow;
    if (shadow === undefined) return;
    this.#shadow = undefined;
    this.#conn = undefined;
    shadow.detach();
  }
}
