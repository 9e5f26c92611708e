/** Signals to the program itself, while a request runs. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import type http from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import { request, startHttp } from "./ops-support/http.js";
import { dial } from "./ops-support/tcp.js";
import { until, within } from "./ops-support/until.js";

const MAIN = fileURLToPath(new URL("../../src/cli/main.js", import.meta.url));

interface Program {
  readonly child: ChildProcess;
  readonly exited: Promise<unknown[]>;
  readonly port: number;
  /** What it logged. */
  log(): string;
  /** The folder of its files. */
  readonly folder: string;
}

/** The program in front of one endpoint, with an access log `access.log`; all its files are in `folder`. */
async function startProgram(t: TestContext, endpoint: number, drain: string): Promise<Program> {
  const folder = mkdtempSync(join(tmpdir(), "plimsoll-"));
  const file = join(folder, "a.yaml");
  writeFileSync(
    file,
    `listeners: [{ address: "127.0.0.1:0", routes: [{ cluster: web }] }]
clusters: { web: { endpoints: ["127.0.0.1:${endpoint}"] } }
accessLog: "${join(folder, "access.log")}"
workers: 1
drain: ${drain}`,
  );
  const child = spawn(process.execPath, [MAIN, "run", file], { stdio: ["ignore", "ignore", "pipe"] });
  const exited = once(child, "exit");
  t.after(async () => {
    child.kill("SIGKILL");
    await exited;
    rmSync(folder, { recursive: true });
  });
  let text = "";
  child.stderr!.on("data", (chunk: Buffer) => {
    text += chunk;
  });
  const started = await until(
    "the start",
    () => /"listeners":\["127\.0\.0\.1:(\d+)"\]/.exec(text) ?? undefined,
    10_000,
  );
  return { child, exited, port: Number(started[1]), log: () => text, folder };
}

test("SIGTERM ends idle connections, lets a request finish, and the program exits with 0", async (t) => {
  let pending: http.ServerResponse | undefined;
  const endpoint = await startHttp(t, "a", (_, response) => {
    pending = response;
  });
  const { child, exited, port } = await startProgram(t, endpoint.port, "10s");
  const idle = await dial(t, port);
  const running = request(port, { headers: { connection: "keep-alive" } });
  await once(endpoint.server, "request");
  child.kill("SIGTERM");
  assert.equal(await idle.ended(), "fin");
  idle.socket.end();
  pending!.end("done");
  const { body, headers } = await running;
  assert.deepEqual([body, headers.connection], ["done", "close"]);
  assert.deepEqual(await within("the exit", exited), [0, null]);
});

test("a second SIGTERM ends the program at once, with a request still running", async (t) => {
  const endpoint = await startHttp(t, "a", () => {});
  const { child, exited, port, log } = await startProgram(t, endpoint.port, "60s");
  const cut = assert.rejects(request(port));
  await once(endpoint.server, "request");
  child.kill("SIGTERM");
  await until("the drain", () => log().includes('"draining"'));
  child.kill("SIGTERM");
  assert.deepEqual(await within("the exit", exited), [143, null]);
  await cut;
});

test("SIGHUP reloads and opens the access log anew, without losing a line of a connection that goes on", async (t) => {
  const endpoint = await startHttp(t, "a");
  const { child, port, log, folder } = await startProgram(t, endpoint.port, "1s");
  const file = join(folder, "access.log");
  const lines = (path: string): number => readFileSync(path, "utf8").split("\n").length - 1;
  const client = await dial(t, port);
  const ask = async (count: number): Promise<void> => {
    client.socket.write("GET / HTTP/1.1\r\nhost: a\r\n\r\n");
    await until(`answer ${count}`, () => client.text.split("HTTP/1.1 200").length - 1 === count);
  };
  await ask(1);
  await until("a line", () => lines(file) === 1);
  renameSync(file, `${file}.1`);
  child.kill("SIGHUP");
  await until("the reload", () => log().includes('"reloaded"'));
  assert.match(log(), /"changes":"[^"]*(?:changed|added|removed)/);
  await ask(2);
  await until("two lines in two files", () => {
    try {
      return lines(`${file}.1`) + lines(file) === 2 && lines(file) === 1;
    } catch {
      return false;
    }
  });
});
