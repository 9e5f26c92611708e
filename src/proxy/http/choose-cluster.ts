/** Which of several clusters a request of a split route goes to: the one that it names, else by weight (and by a key). */
import { WeightedSplit } from "../../balance/weighted-split.js";
import type { Random } from "../../base/random.js";
import type { SplitSpec } from "../../model/spec.js";
import type { RequestHead } from "../../wire/http1/head.js";
import { type HashedClient, RequestHash } from "./hash-request.js";
import { hasBytes } from "./match-field.js";
import { latin1 } from "./put-bytes.js";
import { findHeader, Range } from "./request-part.js";

/** @typeParam C what the names of clusters stand for */
export interface ClusterSplit<C> {
  readonly clusters: readonly C[];
  readonly shares: WeightedSplit;
  /** Requests with the same key stay together; undefined = each takes its turn. */
  readonly on: RequestHash | undefined;
  readonly overrideHeader: Uint8Array | undefined;
  readonly names: readonly Uint8Array[];
}

const range = new Range();

export function compileSplit<C>(split: SplitSpec, clusters: ReadonlyMap<string, C>, random: Random): ClusterSplit<C> {
  const { overrideHeader } = split;
  return {
    clusters: split.clusters.map(({ cluster }) => clusters.get(cluster)!),
    shares: new WeightedSplit(
      split.clusters.map(({ weight }) => weight),
      random,
    ),
    on: split.on.length === 0 ? undefined : new RequestHash(split.on),
    overrideHeader: overrideHeader === undefined ? undefined : latin1(overrideHeader),
    names: split.clusters.map(({ cluster }) => latin1(cluster)),
  };
}

/** @param madeId as `RequestHash.of` wants it */
export function chooseCluster<C>(
  split: ClusterSplit<C>,
  bytes: Uint8Array,
  head: RequestHead,
  client: HashedClient,
  madeId: Uint8Array,
): C {
  const { overrideHeader, clusters, on, shares } = split;
  const named = overrideHeader === undefined ? -1 : namedCluster(split, overrideHeader, bytes, head);
  if (named >= 0) return clusters[named];
  const hash = on === undefined ? -1 : on.of(bytes, head, client, madeId);
  return clusters[hash < 0 ? shares.next() : shares.at(hash)];
}

/** -1: it names none of them. */
function namedCluster<C>(split: ClusterSplit<C>, header: Uint8Array, bytes: Uint8Array, head: RequestHead): number {
  if (!findHeader(bytes, head, header, range)) return -1;
  const { names } = split;
  const length = range.end - range.start;
  for (let i = 0; i < names.length; i++) {
    if (names[i].length === length && hasBytes(bytes, range.start, names[i], length)) return i;
  }
  return -1;
}
