/** Finds descriptors that engines left open in this process. */
import { readdirSync, readlinkSync } from "node:fs";

/** Counts engines, because one that runs beside another would take the other's descriptors for leaks. */
class DescriptorWatch {
  #running = 0;
  #before = new Map<string, string>();

  /** Before an engine starts. */
  enter(): void {
    if (this.#running++ === 0) this.#before = openDescriptors();
  }

  /** After it stopped: what is open and was not before; nothing as long as another engine runs. */
  leave(): string[] {
    if (--this.#running > 0) return [];
    return [...openDescriptors()].filter(([fd, target]) => this.#before.get(fd) !== target).map(([, target]) => target);
  }
}

export const descriptors = new DescriptorWatch();

/** What an engine may have opened, with its kind. Empty where /proc is missing. */
function openDescriptors(): Map<string, string> {
  const found = new Map<string, string>();
  if (process.platform !== "linux") return found;
  for (const fd of readdirSync("/proc/self/fd")) {
    try {
      const target = readlinkSync(`/proc/self/fd/${fd}`);
      if (/^socket:|eventpoll|eventfd|io_uring/.test(target)) found.set(fd, target);
    } catch {
      // The descriptor of the listing itself is gone by now.
    }
  }
  return found;
}
