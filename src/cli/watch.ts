/**
 * Tells when a file may have changed. The directory is watched, not the file: editors, deployment tools and Kubernetes
 * replace a file (or a link above it) instead of writing into it, and a watch on the old file would see nothing.
 */
import { watch } from "node:fs";
import { dirname } from "node:path";

export interface Watch {
  close(): void;
}

/** Events of one change come in bursts. */
const QUIET_MS = 100;

/** @param failed the directory cannot be watched (any more); no further call comes */
export function watchFile(file: string, changed: () => void, failed: (error: Error) => void): Watch {
  let timer: NodeJS.Timeout | undefined;
  try {
    const watcher = watch(dirname(file), { persistent: false }, () => {
      clearTimeout(timer);
      timer = setTimeout(changed, QUIET_MS);
    });
    watcher.on("error", failed);
    const close = (): void => {
      clearTimeout(timer);
      watcher.close();
    };
    return { close };
  } catch (error) {
    failed(error as Error);
    return { close: () => {} };
  }
}
