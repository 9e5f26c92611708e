/**
 * Prequal's rule (Wydrowski et al., "Load is not what you should balance", NSDI 2024, arXiv 2312.10172): of some nodes
 * drawn at random those with more in flight than a quantile of all are hot. While there is a cold one, the cold one with
 * the least latency is taken; else the one with the least in flight. Load decides only where it is about to hurt.
 *
 * How this differs from the paper: there are no probe messages. What a probe would bring is in the shared cells: requests
 * in flight, exact and without delay but only those of this process, and the latency of real responses. So nothing is
 * sent to endpoints to learn about them, and with several balancers each sees its own part of the load. A replica in the
 * paper estimates its latency at its present load; ours is an average of the past, so it counts once for each request
 * under way and the new one. A latency that nothing confirmed for a while is forgotten, and the endpoint then tried, by
 * one request at a time.
 */
import type { Random } from "../base/random.js";
import { EndpointCell } from "../model/cells.js";
import type { Node } from "../model/node.js";
import type { Query } from "../model/query.js";
import type { PrequalSpec } from "../model/spec.js";
import { avoidedFor, elapsed } from "./latency.js";
import { firstOpen, isOpen, type Picker, type PickerSetup } from "./picker.js";
import { RunningQuantile } from "./running-quantile.js";
import { type AliasTable, Sampler } from "./sampler.js";

/** Hot is also well above the mean: among a few nodes with nearly equal loads some always exceed the quantile. */
const HOT_FACTOR = 2;
/** Nothing is known and something under way, or the endpoint asked for a pause: any known latency is better. */
const WORST = 1e15;

export class Prequal<N extends Node> implements Picker<N> {
  readonly #nodes: readonly N[];
  readonly #sampler: Sampler;
  readonly #cells: Int32Array;
  readonly #random: Random;
  readonly #spec: PrequalSpec;
  /** In flight, as of the candidates of late. */
  readonly #loads: RunningQuantile;
  readonly #meanWeight: number;

  constructor(nodes: readonly N[], table: AliasTable, spec: PrequalSpec, setup: PickerSetup) {
    this.#nodes = nodes;
    this.#sampler = new Sampler(table);
    this.#cells = setup.cells;
    this.#random = setup.random;
    this.#spec = spec;
    this.#loads = new RunningQuantile(spec.hotQuantile);
    let total = 0;
    for (const node of nodes) total += node.weight;
    this.#meanWeight = total / nodes.length;
  }

  pick(query: Query): N | undefined {
    const cells = this.#cells;
    // One more than that is no sign of anything: a single request makes the difference in a quiet cluster.
    const hotAbove = 1 + Math.max(this.#loads.value, this.#loads.mean * HOT_FACTOR);
    let cold: N | undefined;
    let coldLatency = Number.POSITIVE_INFINITY;
    let coldLoad = 0;
    let hot: N | undefined;
    let hotLoad = Number.POSITIVE_INFINITY;
    const count = this.#spec.candidates;
    const isSmall = this.#nodes.length <= count;
    // Draws may hit a node twice, and would miss others of a few: these are all asked, each first by its weight.
    let index = this.#sampler.draw(this.#random);
    for (let i = 0; i < (isSmall ? this.#nodes.length : count); i++) {
      const node = this.#nodes[index];
      if (!isSmall) index = this.#sampler.draw(this.#random);
      else if (++index === this.#nodes.length) index = 0;
      // What a node of mean weight would have in flight.
      const load = (cells[node.at] * this.#meanWeight) / node.weight;
      this.#loads.add(load);
      if (!isOpen(node, cells, query)) continue;
      if (load <= hotAbove) {
        const latency = this.#latency(node, query.now);
        // Of two alike, such as two of which nothing is known, the less loaded one.
        if (latency > coldLatency || (latency === coldLatency && load >= coldLoad)) continue;
        cold = node;
        coldLatency = latency;
        coldLoad = load;
      } else if (load < hotLoad) {
        hot = node;
        hotLoad = load;
      }
    }
    return cold ?? hot ?? firstOpen(this.#nodes, this.#random.below(this.#nodes.length), cells, query);
  }

  #latency(node: N, now: number): number {
    const cells = this.#cells;
    if (avoidedFor(cells, node.at, now) > 0) return WORST;
    const latency = cells[node.at + EndpointCell.LATENCY];
    const isKnown = latency !== 0 && elapsed(cells[node.at + EndpointCell.HEARD_AT], now) <= this.#spec.staleMs;
    if (!isKnown) return cells[node.at] === 0 ? 0 : WORST;
    return (latency * (cells[node.at] + 1)) / node.weight;
  }
}
