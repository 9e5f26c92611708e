/**
 * `plimsoll demo`: a whole proxy on loopback with three endpoints of its own, a little traffic, and a live view. It is
 * an ordinary proxy with an ordinary configuration: what it shows, it asks of its own admin API.
 */
import { createServer } from "node:net";
import { availableParallelism } from "node:os";
import { check } from "../../config/load.js";
import { ConfigError } from "../../config/problem.js";
import { valueSource } from "../../config/source.js";
import type { LogRecord } from "../../proxy/log-record.js";
import { formatForPeople } from "../log.js";
import type { StartSupervisor } from "../run.js";
import { type DemoEndpoint, startEndpoints } from "./endpoints.js";
import { type Figures, readFigures } from "./figures.js";
import { startTraffic } from "./traffic.js";
import { formatLine, formatScreen, type Places } from "./view.js";

export interface DemoOptions {
  readonly ports: { readonly http: number; readonly tcp: number; readonly admin: number };
  readonly start: StartSupervisor;
  /** Standard output. */
  readonly write: (text: string) => void;
  /** Redraws a screen instead of adding lines. */
  readonly isTerminal: boolean;
  /** Resolves when the demo should end. */
  readonly ended: Promise<void>;
}

const REDRAW_MS = 500;
const LINE_MS = 2000;
/** Rates and latencies are of this many readings. */
const WINDOW = 10;
const EVENTS_SHOWN = 6;

const HOME_AND_CLEAR = "\x1b[H\x1b[J";
const HIDE_CURSOR = "\x1b[?25l";
const SHOW_CURSOR = "\x1b[?25h";
const OTHER_SCREEN = "\x1b[?1049h";
const MAIN_SCREEN = "\x1b[?1049l";

/** On the ports that the documentation names, until SIGINT or SIGTERM. @throws ConfigError where a port is taken */
export async function runDemo(): Promise<void> {
  const { startSupervisor } = await import("../../proxy/supervisor.js");
  const ended = new Promise<void>((resolve) => {
    process.once("SIGINT", resolve).once("SIGTERM", resolve);
  });
  await demo({
    ports: { http: 8080, tcp: 8081, admin: 9901 },
    start: startSupervisor,
    write: (text) => void process.stdout.write(text),
    isTerminal: process.stdout.isTTY === true,
    ended,
  });
}

/** Ends in order: traffic first, then the proxy, then the endpoints. @throws ConfigError where a port is taken */
export async function demo({ ports, start, write, isTerminal, ended }: DemoOptions): Promise<void> {
  for (const port of Object.values(ports)) await refuseTaken(port);
  const endpoints = await startEndpoints();
  const events: string[] = [];
  const log = (record: LogRecord): void => {
    if (record.level === "debug") return;
    // The message says it all; fields are for machines.
    const line = formatForPeople({ ...record, fields: {} }, new Date());
    if (isTerminal) events.push(line);
    else write(`${line}\n`);
    if (events.length > EVENTS_SHOWN) events.shift();
  };
  const places = {
    http: `http://127.0.0.1:${ports.http}`,
    tcp: `127.0.0.1:${ports.tcp}`,
    admin: `http://127.0.0.1:${ports.admin}`,
  };
  const { spec } = check(valueSource("demo", configure(ports, endpoints)), {
    environment: {},
    cores: availableParallelism(),
  });
  try {
    const supervisor = await start(spec, { log });
    const stopTraffic = startTraffic(ports);
    try {
      await show(places, { write, isTerminal, ended }, events);
    } finally {
      stopTraffic();
      await supervisor.close();
    }
  } finally {
    for (const endpoint of endpoints) endpoint.close();
  }
  write("The demo has ended.\n");
}

type Screen = Pick<DemoOptions, "write" | "isTerminal" | "ended">;

/** Reads and shows figures until the end. */
async function show(places: Places, { write, isTerminal, ended }: Screen, events: readonly string[]): Promise<void> {
  if (isTerminal) write(OTHER_SCREEN + HIDE_CURSOR);
  else write(`HTTP ${places.http}  TCP ${places.tcp}  admin ${places.admin}  (Ctrl-C ends it)\n`);
  const readings: Figures[] = [];
  const showOnce = async (): Promise<void> => {
    readings.push(await readFigures(places.admin, () => performance.now()));
    if (readings.length > WINDOW) readings.shift();
    const reading = { before: readings[0], after: readings[readings.length - 1] };
    write(isTerminal ? HOME_AND_CLEAR + formatScreen(places, reading, events) : `${formatLine(reading)}\n`);
  };
  try {
    await repeat(showOnce, isTerminal ? REDRAW_MS : LINE_MS, ended);
  } finally {
    if (isTerminal) write(SHOW_CURSOR + MAIN_SCREEN);
  }
}

function configure(ports: DemoOptions["ports"], endpoints: readonly DemoEndpoint[]): unknown {
  return {
    listeners: [
      { name: "http", address: `127.0.0.1:${ports.http}`, cluster: "demo" },
      { name: "tcp", address: `127.0.0.1:${ports.tcp}`, protocol: "tcp", cluster: "demo" },
    ],
    clusters: {
      demo: {
        endpoints: endpoints.map(({ name, port }) => ({ id: name, address: `127.0.0.1:${port}` })),
        health: { http: "/healthz", interval: "1s", fastInterval: "500ms", rise: 2, fall: 2 },
      },
    },
    admin: `127.0.0.1:${ports.admin}`,
  };
}

/** Runs `task`, waits, and again, until `ended`. Its failure ends it. */
async function repeat(task: () => Promise<void>, everyMs: number, ended: Promise<void>): Promise<void> {
  let isEnded = false;
  const end = ended.then(() => {
    isEnded = true;
  });
  while (!isEnded) {
    await task();
    let timer: NodeJS.Timeout | undefined;
    const pause = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, everyMs);
    });
    await Promise.race([pause, end]);
    clearTimeout(timer);
  }
}

/** @throws ConfigError that says what to do */
async function refuseTaken(port: number): Promise<void> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  }).catch((cause: Error) => {
    const nowhere = { line: undefined, column: undefined, length: 1, path: [], expected: undefined };
    const hint =
      "stop what listens there, or choose your own addresses: " +
      "plimsoll --listen 127.0.0.1:18080 --to HOST:PORT --admin 127.0.0.1:19901";
    const message = `127.0.0.1:${port} cannot be used: ${cause.message}`;
    throw new ConfigError([{ severity: "error", file: "demo", ...nowhere, message, hint }], undefined, { cause });
  });
  await new Promise((resolve) => server.close(resolve));
}
