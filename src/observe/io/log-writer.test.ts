import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rename, rm, symlink, unlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { FakeClock } from "../../testing/fake-clock.js";
import { createLogRing, LogRingWriter } from "../log-ring.js";
import { LogWriter } from "./log-writer.js";

const put = (ring: SharedArrayBuffer, line: string): boolean =>
  new LogRingWriter(ring).write(Buffer.from(line), line.length);

describe("log writer", () => {
  let folder: string;
  let path: string;
  let ring: SharedArrayBuffer;
  let clock: FakeClock;
  const open = async (target = path): Promise<LogWriter> => {
    const writer = await LogWriter.open(target, clock);
    writer.setRings([ring]);
    return writer;
  };
  const content = (file = path): Promise<string> => readFile(file, "utf8");

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "plimsoll-log-"));
    path = join(folder, "access.log");
    ring = createLogRing(1024);
    clock = new FakeClock();
  });
  afterEach(() => rm(folder, { recursive: true }));

  it("appends the lines of all rings to the file", async () => {
    await writeFile(path, "old\n");
    const other = createLogRing(1024);
    const writer = await open();
    writer.setRings([ring, other]);
    put(ring, "one\n");
    put(other, "two\n");
    await writer.drain();
    assert.equal(await content(), "old\none\ntwo\n");
    await writer.close();
  });

  it("drains by itself within 100 ms", async () => {
    const writer = await open();
    put(ring, "one\n");
    clock.advance(100);
    await writer.drain();
    assert.equal(await content(), "one\n");
    await writer.close();
    assert.equal(clock.pending, 0, "closed, nothing waits any more");
  });

  it("writes the rest when it is closed", async () => {
    const writer = await open();
    const draining = writer.drain();
    put(ring, "late\n");
    await writer.close();
    await draining;
    assert.equal(await content(), "late\n");
  });

  it("writes into a new file after reopen, the moved one keeps what it had", async () => {
    const writer = await open();
    put(ring, "before\n");
    await writer.drain();
    await rename(path, `${path}.1`);
    put(ring, "after\n");
    writer.reopen();
    await writer.drain();
    assert.equal(await content(`${path}.1`), "before\n");
    assert.equal(await content(), "after\n");
    await writer.close();
  });

  it("notices within a second that the file was moved or deleted", async () => {
    const writer = await open();
    await writer.drain();
    await rename(path, `${path}.1`);
    for (let i = 10; i < 22; i++) {
      put(ring, `${i}\n`);
      clock.advance(100);
      await writer.drain();
    }
    assert.equal((await content(`${path}.1`)) + (await content()), "10\n11\n12\n13\n14\n15\n16\n17\n18\n19\n20\n21\n");
    assert.notEqual(await content(), "");
    await writer.close();
  });

  it("counts a full disk, keeps the lines, and writes them when there is room again", async (context) => {
    if (!existsSync("/dev/full")) return context.skip("there is no /dev/full here");
    await symlink("/dev/full", path);
    const writer = await open();
    put(ring, "kept\n");
    await writer.drain();
    await writer.drain();
    assert.equal(writer.errors, 2);
    await unlink(path);
    writer.reopen();
    put(ring, "next\n");
    await writer.drain();
    await writer.drain();
    assert.equal(await content(), "kept\nnext\n");
    assert.equal(writer.errors, 2);
    await writer.close();
  });

  it("empties rings that fill again while it writes without waiting for its timer", async () => {
    ring = createLogRing(2 ** 19);
    const writer = await open();
    const line = `${"x".repeat(99)}\n`;
    const count = 4000;
    for (let i = 0; i < count; i++) put(ring, line);
    const draining = writer.drain();
    let more = 0;
    while (more < count) {
      if (put(ring, line)) more++;
      else await new Promise(setImmediate);
    }
    await draining;
    assert.equal((await content()).length, 2 * count * line.length);
    await writer.close();
  });

  it("leaves new lines in the rings while it cannot write, so that its memory stays bounded", async (context) => {
    if (!existsSync("/dev/full")) return context.skip("there is no /dev/full here");
    const writer = await open("/dev/full");
    let accepted = 0;
    for (let i = 0; i < 100; i++) {
      if (put(ring, `${"x".repeat(99)}\n`)) accepted++;
      await writer.drain();
    }
    assert.ok(accepted <= 11, `one line under way and ten in a ring of 1024 bytes: ${accepted}`);
    const closing = writer.close();
    for (let i = 0; i < 30; i++) {
      await writer.drain();
      clock.advance(100);
    }
    await closing;
  });

  it("goes on with the old file when the new one cannot be opened", async () => {
    const writer = await open();
    await rename(path, `${path}.1`);
    await rename(folder, `${folder}-moved`);
    put(ring, "line\n");
    writer.reopen();
    await writer.drain();
    await rename(`${folder}-moved`, folder);
    assert.equal(writer.errors, 1);
    assert.equal(await content(`${path}.1`), "line\n");
    await writer.close();
  });

  it("says at once that a path cannot be opened", async () => {
    await assert.rejects(LogWriter.open(join(folder, "no", "file"), clock), { code: "CONFIG_INVALID" });
  });

  it("writes to standard output, also when its reader is slow", async () => {
    const script = `
      import { createClock } from ${JSON.stringify(new URL("../../base/clock.js", import.meta.url).href)};
      import { createLogRing, LogRingWriter } from ${JSON.stringify(new URL("../log-ring.js", import.meta.url).href)};
      import { LogWriter } from ${JSON.stringify(new URL("./log-writer.js", import.meta.url).href)};
      const ring = createLogRing(2 ** 21);
      const ringWriter = new LogRingWriter(ring);
      for (let i = 0; i < 20_000; i++) ringWriter.write(Buffer.from("line " + (10000 + i) + "x".repeat(89) + "\\n"), 100);
      const writer = await LogWriter.open("stdout", createClock());
      writer.setRings([ring]);
      await writer.close();
      process.exit(writer.errors);
    `;
    const child = spawn(process.execPath, ["--input-type=module", "-e", script], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    let text = "";
    for await (const chunk of child.stdout.setEncoding("utf8")) {
      text += chunk;
      await new Promise(setImmediate);
    }
    const numbers = [...text.matchAll(/^line (\d{5})x{89}$/gm)].map((match) => Number(match[1]));
    assert.deepEqual(
      numbers,
      Array.from({ length: 20_000 }, (_, i) => 10_000 + i),
    );
    assert.equal(child.exitCode ?? 0, 0);
  });
});
