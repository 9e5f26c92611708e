import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";

const MAIN = fileURLToPath(new URL("main.js", import.meta.url));

const configuration = (body: string) => `
listeners: [{ address: "127.0.0.1:0", routes: [{ respond: { status: 200, body: ${body} } }] }]
clusters: {}
workers: 1
`;

/** Runs the program on a file; it is dead when the test ends. */
async function start(t: TestContext) {
  const folder = await mkdtemp(join(tmpdir(), "plimsoll-"));
  const file = join(folder, "a.yaml");
  await writeFile(file, configuration("one"));
  const child = spawn(process.execPath, [MAIN, "run", file], { stdio: ["ignore", "inherit", "pipe"] });
  const exited = once(child, "exit");
  t.after(async () => {
    child.kill("SIGKILL");
    await exited;
    await rm(folder, { recursive: true });
  });
  const lines = createInterface({ input: child.stderr })[Symbol.asyncIterator]();
  /** The next record of this event; fails when the program ends before it. */
  const event = async (name: string) => {
    for (;;) {
      const { value, done } = await lines.next();
      assert.ok(done !== true, `the program ended before ${name}`);
      const record = JSON.parse(value);
      if (record.event === name) return record;
    }
  };
  const replace = async (text: string) => {
    await writeFile(`${file}.new`, text);
    await rename(`${file}.new`, file);
  };
  return { child, exited, event, replace };
}

const get = async (address: string) => (await fetch(`http://${address}/`)).text();

test("run serves, follows its file, ignores a bad one, and ends with 0 on SIGTERM", { timeout: 20_000 }, async (t) => {
  const { child, exited, event, replace } = await start(t);
  const { listeners } = await event("started");
  assert.equal(await get(listeners[0]), "one");

  await replace(configuration("two"));
  const reloaded = await event("reloaded");
  assert.equal(await get(reloaded.listeners[0]), "two");

  await replace(`${configuration("three")}bogus: 1\n`);
  const problem = await event("config_error");
  assert.equal(problem.hint.startsWith("known keys are"), true);
  assert.equal(await get(reloaded.listeners[0]), "two");

  child.kill("SIGTERM");
  await event("stopped");
  assert.deepEqual(await exited, [0, null]);
});

test("an address that is taken ends the start with a message", { timeout: 20_000 }, async (t) => {
  const { event } = await start(t);
  const { listeners } = await event("started");
  const child = spawn(
    process.execPath,
    [MAIN, "--listen", "127.0.0.1:0", "--to", "127.0.0.1:1", "--workers", "1", "--admin", listeners[0]],
    {
      stdio: ["ignore", "inherit", "pipe"],
    },
  );
  let text = "";
  child.stderr.on("data", (chunk) => {
    text += chunk;
  });
  const [code] = await once(child, "exit");
  assert.equal(code, 1);
  assert.match(text, /EADDRINUSE|in use/);
});
