/**
 * The file in which changes of endpoints at run time outlive the process, where the configuration names one. It is written anew as
 * a whole and moved into place, so that a crash leaves the old or the new one, and read strictly: half a file must not change
 * where traffic goes.
 */
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { LbError } from "../base/errors.js";
import type { Overlay, Overlays } from "../discovery/overlay.js";
import type { Address } from "../model/address.js";

/** By cluster name. */
export type AllOverlays = ReadonlyMap<string, Overlays>;

const VERSION = 1;

export class OverlayStore {
  readonly #file: string;
  /** What the file says. */
  #kept = "";

  constructor(file: string) {
    this.#file = file;
  }

  /** What was kept last; nothing where there is no such file. Throws LbError CONFIG_INVALID where it cannot be read. */
  load(): AllOverlays {
    try {
      this.#kept = readFileSync(this.#file, "utf8");
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === "ENOENT") return new Map();
      throw new LbError("CONFIG_INVALID", `adminState ${this.#file}: ${(cause as Error).message}`, { cause });
    }
    const overlays = parseOverlays(this.#kept);
    if (overlays !== undefined) return overlays;
    const hint = "mend or move the file: what was changed at run time would be lost";
    throw new LbError("CONFIG_INVALID", `adminState ${this.#file} is not what Plimsoll writes there; ${hint}`);
  }

  /** Throws what the file system throws; then the file is as it was. */
  keep(overlays: AllOverlays): void {
    const text = formatOverlays(overlays);
    const isNothing = [...overlays.values()].every((own) => own.size === 0);
    if (text === this.#kept || (this.#kept === "" && isNothing)) return;
    const next = `${this.#file}.new`;
    writeFileSync(next, text, { mode: 0o600, flush: true });
    renameSync(next, this.#file);
    this.#kept = text;
  }
}

export function formatOverlays(overlays: AllOverlays): string {
  const clusters = [...overlays].flatMap(([name, own]) => (own.size === 0 ? [] : [[name, Object.fromEntries(own)]]));
  return `${JSON.stringify({ version: VERSION, clusters: Object.fromEntries(clusters) }, undefined, 2)}\n`;
}

/** undefined for anything but what `formatOverlays` writes. */
export function parseOverlays(text: string): AllOverlays | undefined {
  const file = parseJson(text);
  if (!isObject(file) || file.version !== VERSION || !isObject(file.clusters)) return undefined;
  const all = new Map<string, Overlays>();
  for (const [name, cluster] of Object.entries(file.clusters)) {
    if (!isObject(cluster)) return undefined;
    const own = new Map<string, Overlay>();
    for (const [id, value] of Object.entries(cluster)) {
      const overlay = readOverlay(value);
      if (overlay === undefined) return undefined;
      own.set(id, overlay);
    }
    all.set(name, own);
  }
  return all;
}

function readOverlay(value: unknown): Overlay | undefined {
  if (!isObject(value)) return undefined;
  const { address, weight, maxConnections, drain, removed, isBased } = value;
  const isRight =
    (address === undefined || isAddress(address)) &&
    isCount(weight) &&
    isCount(maxConnections) &&
    typeof drain === "boolean" &&
    typeof removed === "boolean" &&
    typeof isBased === "boolean";
  return isRight ? { address, weight, maxConnections, drain, removed, isBased } : undefined;
}

function isAddress(value: unknown): value is Address {
  if (!isObject(value)) return false;
  if (value.family === "unix") return typeof value.path === "string";
  if (value.family !== "ip4" && value.family !== "ip6") return false;
  return typeof value.host === "string" && isCount(value.port) && value.port !== undefined;
}

function isCount(value: unknown): value is number | undefined {
  return value === undefined || (Number.isSafeInteger(value) && Number(value) >= 0);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
