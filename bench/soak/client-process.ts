/** All clients of a soak run as one process: keeps so many connections busy until every request is done. */
import { createRandom } from "../../src/base/random.js";
import { Client, type Ending, type Load } from "./client.js";
import { createRecipe, type Recipe } from "./recipe.js";

export interface ClientOrder {
  readonly seed: number;
  readonly port: number;
  readonly engine: string;
  readonly requests: number;
  readonly connections: number;
  readonly kills: boolean;
}

export type Tally = Partial<Record<Ending, number>>;

export type FromClients =
  | { readonly kind: "progress"; readonly done: number; readonly tally: Tally; readonly connections: number }
  | { readonly kind: "failure"; readonly id: number; readonly text: string }
  | { readonly kind: "done"; readonly done: number; readonly tally: Tally; readonly connections: number };

const STALLED_MS = 20_000;
const REPORT_MS = 500;

const order = JSON.parse(process.argv[2]) as ClientOrder;
const { seed, requests } = order;
const random = createRandom(seed);
const clients = new Set<Client>();
const again: Recipe[] = [];
const tally: Tally = {};
let started = 0;
let done = 0;
let connections = 0;

function tell(message: FromClients): void {
  process.send?.(message);
}

const load: Load = {
  ...order,
  next: () => again.pop() ?? (started < requests ? createRecipe(seed, started++) : undefined),
  putBack: (recipe) => again.push(recipe),
  done: (_recipe, ending) => {
    tally[ending] = (tally[ending] ?? 0) + 1;
    done++;
  },
  fail: (recipe, text) => {
    done++;
    tell({ kind: "failure", id: recipe.id, text });
  },
  stray: (text) => tell({ kind: "failure", id: -1, text }),
  closed: (client) => {
    clients.delete(client);
    fill();
  },
};

function fill(): void {
  while (clients.size < order.connections && (again.length > 0 || started < requests)) {
    connections++;
    clients.add(new Client(load, random));
  }
  if (clients.size === 0) finish();
}

function finish(): void {
  clearInterval(timer);
  process.send?.({ kind: "done", done, tally, connections } satisfies FromClients, () => process.exit());
}

const timer = setInterval(() => {
  const now = performance.now();
  for (const client of clients) if (now - client.movedAt > STALLED_MS) client.stall();
  tell({ kind: "progress", done, tally, connections });
}, REPORT_MS);
process.on("disconnect", () => process.exit());
fill();
