/**
 * `node idle.js PORT PID FIRST TOTAL`: opens connections to PORT, lets each have one answer and then idle, and prints
 * the resident bytes of process PID with FIRST and with TOTAL connections open. A process of its own for its descriptors.
 */
import { connect, type Socket } from "node:net";
import { setTimeout as wait } from "node:timers/promises";
import { residentBytes } from "../cpu.js";

const [port, pid, first, total] = process.argv.slice(2).map(Number);

/** At once: few, so that the proxy's upstream pool stays small and does not count as cost of the idle ones. */
const AT_ONCE = 20;
/** Time for the proxy to settle, garbage collection included. */
const SETTLE_MS = 2000;
const REQUEST = "GET /small HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";

let lost = 0;

function open(number: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    // Several source addresses: one has only some 28 000 ports, many of them still in TIME_WAIT from other rounds.
    const socket = connect({ port, host: "127.0.0.1", localAddress: `127.0.0.${2 + (number % 8)}` });
    socket.on("connect", () => socket.write(REQUEST));
    socket.once("data", (data) => {
      if (!data.toString("latin1").startsWith("HTTP/1.1 200")) reject(new Error(data.toString("latin1")));
      else resolve(socket);
    });
    socket.on("error", reject);
    socket.on("close", () => {
      lost++;
      reject(new Error(`connection ${number} was closed without an answer`));
    });
  });
}

let opened = 0;
async function openUpTo(limit: number): Promise<void> {
  const opener = async (): Promise<void> => {
    while (opened < limit) await open(opened++);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, opener));
  await wait(SETTLE_MS);
}

await openUpTo(first);
const atFirst = residentBytes(pid);
await openUpTo(total);
const atTotal = residentBytes(pid);
if (lost > 0) throw new Error(`the proxy closed ${lost} idle connections`);
process.stdout.write(`${JSON.stringify({ first: atFirst, total: atTotal })}\n`);
process.exit();
