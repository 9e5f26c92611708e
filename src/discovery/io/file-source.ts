/**
 * Endpoints from a file. Whatever is wrong with it, the last good set stays: a deployment that goes wrong half-way must not
 * take a service away.
 */
import { readFile, stat } from "node:fs/promises";
import type { Clock } from "../../base/clock.js";
import type { Finding, ParseEndpoints, Source } from "../source.js";
import { watchFile } from "./watch-file.js";

/** Besides the watch: network file systems report nothing, and a folder may be replaced as a whole. */
const LOOK_MS = 10_000;
/** Some 100 000 endpoints; what is larger is another file. */
const MAX_BYTES = 16 << 20;

export interface FileSourceOptions {
  readonly path: string;
  readonly parse: ParseEndpoints;
  readonly clock: Clock;
}

export function startFileSource({ path, parse, clock }: FileSourceOptions, found: (finding: Finding) => void): Source {
  let closed = false;
  let cancel = (): void => {};
  /** Looks run one after the other: an older text must not replace a newer one. */
  let turn: Promise<void> = Promise.resolve();
  const look = (): void => {
    turn = turn.then(async () => {
      if (closed) return;
      const finding = await read(path, parse);
      if (!closed) found(finding);
    });
  };
  // Where it cannot be watched (the folder may not be there yet), it is only looked at now and then.
  const watch = watchFile(path, look, () => {});
  const poll = (): void => {
    cancel = clock.after(LOOK_MS, () => {
      watch.look();
      poll();
    });
  };
  look();
  poll();
  return {
    close: () => {
      closed = true;
      cancel();
      watch.close();
    },
  };
}

async function read(path: string, parse: ParseEndpoints): Promise<Finding> {
  try {
    const { size } = await stat(path);
    if (size > MAX_BYTES) return failed(`${path} has ${size} bytes, more than ${MAX_BYTES}`);
    return { endpoints: parse(path, await readFile(path, "utf8")), problem: undefined };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return failed(code === "ENOENT" ? `there is no file ${path}` : message);
  }
}

function failed(problem: string): Finding {
  return { endpoints: undefined, problem };
}
