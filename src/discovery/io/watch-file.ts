/**
 * Tells when a file has changed. The directory is watched, not the file: editors, deployment tools and Kubernetes replace a
 * file (or a link above it) instead of writing into it, and a watch on the old file would see nothing.
 */
import { statSync, watch } from "node:fs";
import { dirname } from "node:path";

export interface Watch {
  /** Looks now, without having heard of a change. */
  look(): void;
  close(): void;
}

/** A change is told when the file has been the same for this long: writing it may take several steps. */
const QUIET_MS = 100;

/** @param failed the directory cannot be watched (any more); no further call comes */
export function watchFile(file: string, changed: () => void, failed: (error: Error) => void): Watch {
  let timer: NodeJS.Timeout | undefined;
  let told = signatureOf(file);
  let seen = told;
  const look = (): void => {
    timer = undefined;
    const now = signatureOf(file);
    if (now !== seen) {
      seen = now;
      timer = setTimeout(look, QUIET_MS);
    } else if (now !== told) {
      told = now;
      changed();
    }
  };
  const begin = (): void => {
    timer ??= setTimeout(look, QUIET_MS);
  };
  try {
    // Not begun anew by each event: in a directory where a log is written, it would never end.
    const watcher = watch(dirname(file), { persistent: false }, begin);
    watcher.on("error", failed);
    const close = (): void => {
      clearTimeout(timer);
      watcher.close();
    };
    return { look: begin, close };
  } catch (error) {
    failed(error as Error);
    return { look: begin, close: () => clearTimeout(timer) };
  }
}

/** Of what the path leads to, through all links; "" where there is nothing. */
function signatureOf(file: string): string {
  try {
    const { ino, size, mtimeMs } = statSync(file);
    return `${ino} ${size} ${mtimeMs}`;
  } catch {
    return "";
  }
}
