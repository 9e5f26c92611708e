/** The folders of src: what each is for, and which others it may import. */

export const POLICY = ["balance", "health", "resilience", "security", "discovery"];

/** Folder of src -> the other folders that its files may import. */
export const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  base: [],
  model: ["base"],
  balance: ["base", "model"],
  health: ["base", "model"],
  resilience: ["base", "model"],
  security: ["base", "model"],
  discovery: ["base", "model"],
  cluster: ["base", "model", ...POLICY],
  wire: ["base", "model"],
  engine: ["base", "model"],
  observe: ["base", "model"],
  proxy: ["base", "model", ...POLICY, "cluster", "wire", "engine", "observe"],
  config: ["base", "model", "discovery", "engine", "observe"],
  admin: ["base", "model", "observe"],
  simulate: ["base", "model", ...POLICY, "cluster"],
  cli: ["base", "model", "discovery", "engine", "observe", "proxy", "config", "admin", "simulate"],
  testing: ["base", "model", ...POLICY, "cluster", "wire", "engine", "observe", "proxy"],
};

/** The main thread's side of the proxy: it alone also starts the admin server and shows it what there is. */
export const SUPERVISOR = ["proxy/supervisor.ts", "proxy/supervisor-view.ts"];

/** What each folder is for, in one line. */
export const FOLDERS: Readonly<Record<string, string>> = {
  base: "clock, random, errors, hashing, histogram, timer wheel",
  model: "address, spec, node, query, outcome: the nouns that all share",
  balance: "pickers: which endpoint is next; what weighs endpoints before the choice",
  health: "standing (rise and fall), outlier detection, schedule; `io/`: the probes",
  resilience: "retries and their budget, back-off, queues, hedging, adaptive limits, shedding, faults",
  security: "addresses and networks",
  discovery: "merging and comparing sets of endpoints; `io/`: files and DNS",
  cluster: "joins these five: shared counts, plans, leases",
  wire: "codecs without I/O: `http1/`",
  engine: "moves bytes: the contract, `uring/`, `epoll/`, `node/`; `native/`: all FFI",
  observe: "metrics, access log, cluster view; `io/`: files and process figures",
  proxy: "forwarding: `tcp/`, `http/`, workers and the supervisor",
  config: "schema, loading, defaults, flags",
  admin: "the admin server's pages",
  simulate: "the policy code on a virtual clock, against modelled endpoints",
  cli: "commands, signals, log, demo",
  testing: "fake clock, builders, contract suites",
};
