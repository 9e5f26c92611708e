import assert from "node:assert/strict";
import { mkdir, mkdtemp, rename, rm, symlink, unlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { createClock } from "../../base/clock.js";
import type { EndpointSpec } from "../../model/spec.js";
import { createEndpointSpec } from "../../testing/specs.js";
import type { Finding } from "../source.js";
import { startFileSource } from "./file-source.js";

/** One digit for each endpoint, for the test's sake; anything else is a mistake. */
function parse(file: string, text: string): readonly EndpointSpec[] {
  return [...text].map((digit) => {
    if (!/\d/.test(digit)) throw new Error(`${file}:1:1: not a digit`);
    return createEndpointSpec(Number(digit));
  });
}

async function setUp(t: TestContext) {
  const folder = await mkdtemp(join(tmpdir(), "plimsoll-"));
  t.after(() => rm(folder, { recursive: true }));
  const findings: Finding[] = [];
  const waiting = new Set<() => void>();
  const found = (finding: Finding): void => {
    findings.push(finding);
    for (const look of waiting) look();
  };
  return {
    folder,
    findings,
    start: (path: string): void => {
      const source = startFileSource({ path, parse, clock: createClock() }, found);
      t.after(() => source.close());
    },
    /** Resolves with the first finding, of now or later, that passes. */
    seen: (passes: (finding: Finding) => boolean): Promise<Finding> =>
      new Promise((resolve) => {
        const look = (): void => {
          const last = findings.at(-1);
          if (last === undefined || !passes(last)) return;
          waiting.delete(look);
          resolve(last);
        };
        waiting.add(look);
        look();
      }),
  };
}

const has =
  (...wanted: number[]) =>
  ({ endpoints }: Finding): boolean =>
    endpoints?.map(({ id }) => id).join() === wanted.map((index) => `e${index}`).join();

test("a file is read at once and again when it is written or replaced", async (t) => {
  const { folder, start, seen } = await setUp(t);
  const file = join(folder, "web");
  await writeFile(file, "12");
  start(file);
  await seen(has(1, 2));
  await writeFile(file, "123");
  await seen(has(1, 2, 3));
  await writeFile(join(folder, "next"), "4");
  await rename(join(folder, "next"), file);
  await seen(has(4));
});

test("a link that is swapped above the file, as Kubernetes does, is followed", async (t) => {
  const { folder, start, seen } = await setUp(t);
  for (const [name, text] of [
    ["one", "1"],
    ["two", "2"],
  ]) {
    await mkdir(join(folder, name));
    await writeFile(join(folder, name, "web"), text);
  }
  await symlink("one", join(folder, "..data"));
  await symlink("..data/web", join(folder, "web"));
  start(join(folder, "web"));
  await seen(has(1));
  await symlink("two", join(folder, "..data_tmp"));
  await rename(join(folder, "..data_tmp"), join(folder, "..data"));
  await seen(has(2));
});

test("a broken or missing file is told with its reason and hands over nothing; a repaired one does", async (t) => {
  const { folder, findings, start, seen } = await setUp(t);
  const file = join(folder, "web");
  start(file);
  const missing = await seen(({ problem }) => problem !== undefined);
  assert.deepEqual(missing, { endpoints: undefined, problem: `there is no file ${file}` });
  await writeFile(file, "x");
  const broken = await seen(({ problem }) => problem === `${file}:1:1: not a digit`);
  assert.equal(broken.endpoints, undefined);
  await writeFile(file, "7");
  await seen(has(7));
  await unlink(file);
  await seen(({ problem }) => problem !== undefined);
  assert.ok(
    findings.every(({ endpoints, problem }) => (endpoints === undefined) === (problem !== undefined)),
    "a look finds a set or a problem",
  );
});
