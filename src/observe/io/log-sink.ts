/** Where the access log goes: a file that may be rotated, or standard output, whatever that is connected to. */
import { close, constants, fstat, fstatSync, open, stat, write } from "node:fs";
import { promisify } from "node:util";

const openPath = promisify(open);
const closeFile = promisify(close);
const statPath = promisify(stat);
const statFile = promisify(fstat);
const writeFile = promisify(write);

export interface LogSink {
  /** How many of the bytes were written, at least one. Rejects when none could be; the same may be tried again. */
  write(bytes: Uint8Array): Promise<number>;
  /** True if what is written would no longer be found at the path. Never rejects. */
  isMoved(): Promise<boolean>;
  /** Opens the path anew; when that rejects, the old file stays in use. */
  reopen(): Promise<void>;
  close(): Promise<void>;
}

export function openLogSink(target: string): Promise<LogSink> {
  return target === "stdout" ? Promise.resolve(createStdoutSink()) : openFileSink(target);
}

async function openFileSink(path: string): Promise<LogSink> {
  const openLog = () => openPath(path, constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT, 0o640);
  let file = await openLog();
  return {
    write: async (bytes) => (await writeFile(file, bytes)).bytesWritten,
    isMoved: () =>
      Promise.all([statPath(path), statFile(file)]).then(
        ([there, ours]) => there.ino !== ours.ino || there.dev !== ours.dev,
        () => true,
      ),
    reopen: async () => {
      const next = await openLog();
      await closeFile(file);
      file = next;
    },
    close: () => closeFile(file),
  };
}

/**
 * A pipe or a terminal goes through Node's stream: it waits for a slow reader without blocking this thread, and without a
 * thread that waits in write(2) and would keep the process from exiting. For a file that stream would block instead.
 */
function createStdoutSink(): LogSink {
  const { stdout } = process;
  const isFile = fstatSync(stdout.fd).isFile();
  // Failed writes are reported to their callbacks too; without a listener this event would end the process.
  const ignore = (): void => {};
  if (!isFile) stdout.on("error", ignore);
  return {
    write: isFile
      ? async (bytes) => (await writeFile(stdout.fd, bytes)).bytesWritten
      : (bytes) =>
          new Promise((resolve, reject) => {
            stdout.write(bytes, (error) => (error ? reject(error) : resolve(bytes.length)));
          }),
    isMoved: () => Promise.resolve(false),
    reopen: () => Promise.resolve(),
    close: async () => {
      stdout.off("error", ignore);
    },
  };
}
