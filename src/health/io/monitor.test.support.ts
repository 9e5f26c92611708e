/** A monitor over a board in plain maps, on a fake clock, with endpoints and agents that do what a test says. */
import { createRandom } from "../../base/random.js";
import { formatAddress } from "../../model/address.js";
import { State } from "../../model/cells.js";
import type { ClusterSpec } from "../../model/spec.js";
import { FakeClock } from "../../testing/fake-clock.js";
import { createClusterSpec, createHealthSpec } from "../../testing/specs.js";
import { parseAgentReply } from "../agent.js";
import type { Figures } from "../rates.js";
import type { HealthEvent, StateBoard } from "../report.js";
import { HealthMonitor } from "./monitor.js";
import type { Probe } from "./probe.js";

/** A board in plain maps: state bits per endpoint, as they are after `SlotTable.assign`. */
export class FakeBoard implements StateBoard {
  readonly bits = new Map<string, number>();
  readonly cleared: string[] = [];
  readonly overlays: string[] = [];

  assign(clusters: readonly ClusterSpec[]): void {
    for (const cluster of clusters)
      for (const endpoint of cluster.endpoints) {
        const key = `${cluster.name}/${endpoint.id}`;
        const state = (this.bits.get(key) ?? State.UNKNOWN) & ~State.DRAINING;
        this.bits.set(key, endpoint.weight === 0 ? state | State.DRAINING : state);
      }
  }

  state(cluster: string, endpoint: string): number | undefined {
    return this.bits.get(`${cluster}/${endpoint}`);
  }

  mark(cluster: string, endpoint: string, set: number, clear: number): void {
    const key = `${cluster}/${endpoint}`;
    this.bits.set(key, ((this.bits.get(key) ?? 0) & ~clear) | set);
  }

  clearFailures(_cluster: string, endpoint: string): void {
    this.cleared.push(endpoint);
  }

  scaleWeight(_cluster: string, endpoint: string, percent: number): void {
    this.overlays.push(`${endpoint} ${percent}%`);
  }

  limitActive(_cluster: string, endpoint: string, most: number): void {
    this.overlays.push(`${endpoint} at most ${most}`);
  }
}

/**
 * Endpoints answer at once and well, except those in `dead`; those in `hung` never answer. Agents say what `said` has for
 * their address; where that is nothing they cannot be reached.
 */
export function createFixture(specs: readonly ClusterSpec[], maxProbes = 64) {
  const clock = new FakeClock();
  const board = new FakeBoard();
  const dead = new Set<string>();
  const hung = new Set<string>();
  const events: string[] = [];
  const probed: string[] = [];
  const running = { now: 0, most: 0 };
  const said = new Map<string, string>();
  const figures = new Map<string, Figures>();
  const asked: boolean[] = [];
  const probe: Probe = (address, check, _timeoutMs, done) => {
    const name = formatAddress(address);
    probed.push(name);
    running.most = Math.max(running.most, ++running.now);
    if (hung.has(name)) return () => running.now--;
    return clock.after(1, () => {
      running.now--;
      const ok = !dead.has(name);
      const line = said.get(name);
      if (check.kind === "agent" && line !== undefined) {
        const reply = parseAgentReply(line);
        done({ ok: reply?.up !== false, reason: line, latencyMs: 1, said: reply });
      } else if (check.kind === "agent") done({ ok: false, reason: "connect refused", latencyMs: 1 });
      else done({ ok, reason: ok ? "connected" : "connect refused", latencyMs: 1 });
    });
  };
  const monitor = new HealthMonitor({
    board,
    clock,
    random: createRandom(1),
    probe,
    maxProbes,
    sampler: (_, endpoint, timed) => {
      asked.push(timed);
      return figures.get(endpoint);
    },
    onEvent: (event: HealthEvent) =>
      events.push(`${event.cluster}/${event.endpoint} ${event.from} -> ${event.to}: ${event.reason}`),
  });
  const update = (next: readonly ClusterSpec[]): void => {
    board.assign(next);
    monitor.update(next);
  };
  update(specs);
  const take = (): string[] => events.splice(0);
  return { clock, board, dead, hung, said, figures, asked, probed, running, monitor, update, take };
}

export function addressOf(index: number): string {
  return `127.0.0.1:${9000 + index}`;
}

/** Cluster `web` with one TCP check. */
export const checked = (size: number, changes: Partial<ClusterSpec> = {}): ClusterSpec =>
  createClusterSpec(size, { health: [createHealthSpec()], ...changes });
