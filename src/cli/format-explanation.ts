/** An explanation for a person at a terminal. */
import { printable } from "../config/printable.js";
import type { Candidate, ChoiceExplanation, Explanation } from "../model/explanation.js";

/** Ends with a newline. */
export function formatExplanation(explanation: Explanation): string {
  const { query, live, listener, listenerReason, routes, action, choice } = explanation;
  const lines = [
    `request   ${query.method} ${query.url} from ${query.source}`,
    `listener  ${listener}: ${listenerReason}`,
    ...routes.map(({ name, taken, failed }) => `route     ${name}: ${taken ? "taken" : `no, ${failed.join("; ")}`}`),
    `then      ${action}`,
    ...(choice === undefined ? [] : formatChoice(choice, live, query.seed)),
  ];
  return lines.map((line) => `${printable(line)}\n`).join("");
}

function formatChoice(choice: ChoiceExplanation, live: boolean, seed: number): string[] {
  const { cluster, policy, hash, panic, candidates, pick, refusal } = choice;
  const hashed = hash === undefined ? "" : `, hash ${hash}`;
  const state = live ? "" : "; states and load are not known, ask with --admin";
  const rows = [HEADER, ...candidates.map((candidate) => row(candidate, candidate.id === pick))];
  const widths = HEADER.map((_, column) => Math.max(...rows.map((cells) => cells[column].length)));
  return [
    `cluster   ${cluster}: ${policy}${hashed}${state}`,
    ...(panic ? ["panic     too few endpoints are healthy: all are used"] : []),
    "",
    ...rows.map((cells) => `  ${cells.map((cell, i) => cell.padEnd(widths[i])).join("  ")}`.trimEnd()),
    "",
    pick === undefined ? `no endpoint: ${refusal}` : `pick      ${pick} (seed ${seed})`,
  ];
}

const HEADER = ["", "endpoint", "state", "weight", "active", "latency", "score", "chance", "excluded"];

function row(candidate: Candidate, isPick: boolean): string[] {
  const { id, state, weight, active, maxActive, latencyMs, score, chance, excluded } = candidate;
  return [
    isPick ? ">" : "",
    id,
    state,
    `${round(weight)}`,
    maxActive === 0 ? `${active}` : `${active}/${maxActive}`,
    latencyMs === undefined ? "-" : `${round(latencyMs)} ms`,
    score === undefined ? "-" : `${round(score)}`,
    `${(chance * 100).toFixed(1)}%`,
    excluded ?? "",
  ];
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}
