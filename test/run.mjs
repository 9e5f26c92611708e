/**
 * The runner behind `npm test`: builds, runs every compiled test file in a process of its own, names what failed and what
 * was skipped and why, and closes with one line that counts. `npm test -- src/wire test/e2e` runs only those folders.
 *
 * With PLIMSOLL_EXPECT_PEERS=1 (continuous integration) everything that tests need is expected to be there: a skip whose
 * reason names a missing program or right counts as a failure.
 */
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { availableParallelism } from "node:os";
import { dirname, join, relative } from "node:path";
import { run } from "node:test";
import { fileURLToPath } from "node:url";
import { inspect } from "node:util";

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const DIST = join(ROOT, "dist");
/** One file, from start to end: three times what the slowest takes on two busy cores. */
const FILE_TIMEOUT_MS = 180_000;
/** Output of a test file that is kept to be shown should it fail. */
const KEPT_OUTPUT = 20_000;
/** What a skip says when the machine lacks something that can be installed or granted. */
const MISSING = /\b(missing|not installed|not found|not permitted|not root|needs?|requires?)\b/i;

function build() {
  const tsc = join(ROOT, "node_modules", "typescript", "bin", "tsc");
  const { status } = spawnSync(process.execPath, [tsc], { cwd: ROOT, stdio: "inherit" });
  if (status !== 0) process.exit(1);
}

/** Compiled tests whose source still exists: the compiler does not remove what it once wrote. */
function findTests(filters) {
  return readdirSync(DIST, { recursive: true })
    .filter((name) => name.endsWith(".test.js") && existsSync(join(ROOT, name.replace(/\.js$/, ".ts"))))
    .filter((name) => filters.length === 0 || filters.some((filter) => name.startsWith(filter)))
    .sort()
    .map((name) => join(DIST, name));
}

build();
const files = findTests(process.argv.slice(2));
if (files.length === 0) {
  console.error("no test file matches");
  process.exit(1);
}

// Failures then point into the sources. Inherited by the process of each file.
process.env.NODE_OPTIONS = `${process.env.NODE_OPTIONS ?? ""} --enable-source-maps`.trim();

const started = Date.now();
const running = new Set();
const passedIn = new Map();
const output = new Map();
const failures = [];
const skips = [];

/** The source that a test event belongs to, relative to the project: some versions of Node name it, some what was compiled. */
function sourceOf(file) {
  if (file === undefined) return "?";
  return file.startsWith(DIST) ? relative(DIST, file).replace(/\.js$/, ".ts") : relative(ROOT, file);
}

/** What a test threw (the runner wraps it), with its causes and without the runner's own stack frames. */
function explain(error) {
  const thrown = error?.cause ?? error;
  return (typeof thrown === "string" ? thrown : inspect(thrown)).replace(/\n +at .*\(?node:internal\/.*/g, "");
}

function fail(file, name, why) {
  failures.push({ file, name });
  console.log(`\nFAILED ${sourceOf(file)}: ${name}\n${why}`);
}

function onPass(event) {
  const { file, name, skip, details } = event;
  if (details.type === "suite") return;
  if (skip !== undefined) {
    const reason = skip === true || skip === "" ? "no reason given" : skip;
    if (process.env.PLIMSOLL_EXPECT_PEERS === "1" && MISSING.test(reason)) {
      fail(file, name, `skipped, although everything should be there: ${reason}`);
    } else skips.push({ file, name, reason });
    return;
  }
  // A file in which no test ran is reported as one passed test with the file's name.
  if (files.includes(name)) {
    fail(name, "(whole file)", "contains no test");
    return;
  }
  const folder = dirname(sourceOf(file));
  passedIn.set(folder, (passedIn.get(folder) ?? 0) + 1);
}

function onFail({ file, name, details }) {
  // A parent fails with its subtests, which were counted already.
  if (details.error?.failureType === "subtestsFailed") return;
  const whole = files.includes(name);
  const said = whole ? `\n${output.get(name) ?? ""}` : "";
  fail(whole ? name : file, whole ? "(whole file)" : name, `${explain(details.error)}${said}`);
}

function onOutput({ file, message }) {
  output.set(file, ((output.get(file) ?? "") + message).slice(-KEPT_OUTPUT));
}

const stream = run({ files, concurrency: availableParallelism(), timeout: FILE_TIMEOUT_MS });
// The runner reports a file as a test whose name is the file.
stream.on("test:dequeue", ({ name, file }) => name === file && running.add(file));
stream.on("test:complete", ({ name, file }) => name === file && running.delete(file));
stream.on("test:pass", onPass).on("test:fail", onFail).on("test:stdout", onOutput).on("test:stderr", onOutput);
stream.on("error", (error) => fail(undefined, "the test runner", explain(error)));
stream.on("close", finish);
stream.resume();

/** Whoever bounds the run from outside hears what it was busy with. */
process.once("SIGTERM", () => {
  for (const file of running) fail(file, "(whole file)", `under way when the run was ended after ${seconds()} s`);
  finish();
});

function seconds() {
  return ((Date.now() - started) / 1000).toFixed(1);
}

function finish() {
  let passed = 0;
  console.log(`\nNode ${process.version}, ${files.length} files, ${seconds()} s`);
  for (const [folder, count] of [...passedIn].sort()) {
    passed += count;
    console.log(`${String(count).padStart(6)} passed in ${folder}`);
  }
  for (const { file, name, reason } of skips) console.log(`SKIPPED ${sourceOf(file)}: ${name}: ${reason}`);
  for (const { file, name } of failures) console.log(`FAILED ${sourceOf(file)}: ${name}`);
  console.log(`${passed} passed, ${failures.length} failed, ${skips.length} skipped`);
  process.exit(failures.length === 0 ? 0 : 1);
}
