import assert from "node:assert/strict";
import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { watchFile } from "./watch-file.js";

/** Promise.withResolvers, which Node.js 20 does not have. */
function deferred() {
  let resolve!: () => void;
  let reject!: (error: Error) => void;
  const promise = new Promise<void>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}

async function folder(t: TestContext): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), "plimsoll-"));
  t.after(() => rm(path, { recursive: true }));
  return path;
}

/** Resolves at the first change after `change`. */
async function seen(t: TestContext, file: string, change: () => Promise<void>): Promise<void> {
  const changed = deferred();
  const watch = watchFile(file, changed.resolve, changed.reject);
  t.after(() => watch.close());
  await change();
  await changed.promise;
}

test("a file that is written into has changed", async (t) => {
  const file = join(await folder(t), "a.yaml");
  await writeFile(file, "a");
  await seen(t, file, () => writeFile(file, "b"));
});

test("a file that is replaced by a rename has changed", async (t) => {
  const path = await folder(t);
  const file = join(path, "a.yaml");
  await writeFile(file, "a");
  await writeFile(join(path, "new"), "b");
  await seen(t, file, () => rename(join(path, "new"), file));
});

test("a file behind a directory link that is swapped has changed, as Kubernetes does it", async (t) => {
  const path = await folder(t);
  for (const version of ["1", "2"]) {
    await mkdir(join(path, version));
    await writeFile(join(path, version, "a.yaml"), version);
  }
  await symlink("1", join(path, "..data"));
  await symlink("..data/a.yaml", join(path, "a.yaml"));
  await symlink("2", join(path, "..new"));
  await seen(t, join(path, "a.yaml"), () => rename(join(path, "..new"), join(path, "..data")));
});

test("a directory in which something else is always written hides no change and causes none", async (t) => {
  const path = await folder(t);
  const file = join(path, "a.yaml");
  await writeFile(file, "a");
  let calls = 0;
  const changed = deferred();
  const watch = watchFile(
    file,
    () => {
      calls++;
      changed.resolve();
    },
    changed.reject,
  );
  t.after(() => watch.close());
  let isSeen = false;
  const end = changed.promise.then(() => {
    isSeen = true;
  });
  for (let i = 0; i < 50; i++) await writeFile(join(path, "access.log"), `${i}`);
  await writeFile(file, "other");
  for (let i = 0; !isSeen; i++) await writeFile(join(path, "access.log"), `${i}`);
  await end;
  assert.equal(calls, 1);
});

test("a directory that cannot be watched is told, and nothing is thrown", () => {
  const errors: Error[] = [];
  watchFile(
    "/nonexistent/a.yaml",
    () => {},
    (error) => void errors.push(error),
  ).close();
  assert.equal(errors.length, 1);
});
