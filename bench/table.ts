/** One scenario's outcome as a plain-text table: a row per proxy, with the ratio to HAProxy and nginx in the same run. */
import { FIGURES, type Figure, medianRatio, medianSample, type Sample } from "./figures.js";

export interface PeerResult {
  readonly name: string;
  readonly rounds: readonly Sample[];
  /** Why there are no (or no more) rounds. */
  readonly failure: string | undefined;
}

export const REFERENCES = ["haproxy", "nginx"] as const;

function layOut(rows: readonly (readonly string[])[]): string {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  const line = (row: readonly string[]): string =>
    row.map((cell, column) => (column === 0 ? cell.padEnd(widths[0]) : cell.padStart(widths[column]))).join("  ");
  return rows.map(line).join("\n");
}

/** @param bar the figure that the ratios compare */
export function formatTable(bar: Figure, peers: readonly PeerResult[]): string {
  const measured = peers.filter((peer) => peer.rounds.length > 0);
  const figures = (Object.keys(FIGURES) as Figure[]).filter((figure) =>
    measured.some((peer) => peer.rounds[0][figure] !== undefined),
  );
  const rows = [["proxy", ...figures.map((figure) => FIGURES[figure].title), ...REFERENCES.map((name) => `x ${name}`)]];
  for (const peer of measured) {
    const medians = medianSample(peer.rounds);
    const ratios = REFERENCES.map((name) => {
      const reference = peers.find((other) => other.name === name);
      const ratio = reference === undefined ? undefined : medianRatio(bar, peer.rounds, reference.rounds);
      return ratio === undefined ? "-" : ratio.toFixed(2);
    });
    rows.push([
      peer.name,
      ...figures.map((figure) => {
        const value = medians[figure];
        return value === undefined ? "-" : FIGURES[figure].show(value);
      }),
      ...ratios,
    ]);
  }
  const failures = peers.filter((peer) => peer.failure !== undefined).map((peer) => `${peer.name}: ${peer.failure}`);
  const body = measured.length === 0 ? [] : [layOut(rows), `(x = ratio of ${FIGURES[bar].title})`];
  return [...body, ...failures].join("\n");
}
