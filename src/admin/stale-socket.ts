/** A unix socket outlives a process that was killed. Nobody answers there any more: it may be removed and bound again. */
import { lstat, unlink } from "node:fs/promises";
import { createConnection } from "node:net";

/** Removes the socket at `path` if nobody listens on it; anything else there is left alone, and binding will fail. */
export async function clearStaleSocket(path: string): Promise<void> {
  const isSocket = await lstat(path).then(
    (found) => found.isSocket(),
    () => false,
  );
  if (isSocket && (await isDeserted(path))) await unlink(path);
}

function isDeserted(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createConnection(path);
    probe.once("connect", () => {
      probe.destroy();
      resolve(false);
    });
    probe.once("error", (error: NodeJS.ErrnoException) => resolve(error.code === "ECONNREFUSED"));
  });
}
