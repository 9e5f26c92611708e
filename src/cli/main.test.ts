import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const MAIN = fileURLToPath(new URL("main.js", import.meta.url));
const ROOT = fileURLToPath(new URL(".", import.meta.resolve("plimsoll/package.json")));

function plimsoll(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, ...args], { encoding: "utf8", cwd: ROOT });
  return { status, stdout, stderr };
}

function withFile(text: string, use: (file: string) => void): void {
  const folder = mkdtempSync(join(tmpdir(), "plimsoll-"));
  try {
    writeFileSync(join(folder, "a.yaml"), text);
    use(join(folder, "a.yaml"));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test("check accepts every example", () => {
  const examples = readdirSync(join(ROOT, "examples")).filter((name) => name.endsWith(".yaml"));
  assert.ok(examples.length >= 4);
  for (const name of examples) {
    const file = join("examples", name);
    assert.deepEqual(plimsoll("check", file), { status: 0, stdout: `${file} is valid\n`, stderr: "" });
  }
});

test("check --explain prints what check accepts again", () => {
  const { status, stdout } = plimsoll("check", "examples/routes.yaml", "--explain");
  assert.equal(status, 0);
  withFile(stdout, (file) => assert.equal(plimsoll("check", file).status, 0));
});

test("check shows each mistake with its line, and exits with 2", () => {
  withFile("listeners: [{ address: ':80', cluster: b }]\nclusters: { a: { endpoints: [':1'] } }\n", (file) => {
    const { status, stdout, stderr } = plimsoll("check", file);
    assert.equal(status, 2);
    assert.equal(stdout, "");
    assert.equal(
      stderr,
      `error: there is no cluster b
 --> ${file}:1:40 (listeners[0].cluster)
  |
1 | listeners: [{ address: ':80', cluster: b }]
  |                                        ^
  = hint: clusters are a

warning: nothing uses the cluster a
 --> ${file}:2:13 (clusters.a)
  |
2 | clusters: { a: { endpoints: [':1'] } }
  |             ^

1 error, 1 warning
`,
    );
  });
});

test("run refuses a bad file with 2 before anything is started", () => {
  withFile("listeners: []\nclusters: {}\n", (file) => {
    const { status, stderr } = plimsoll("run", file);
    assert.equal(status, 2);
    assert.match(stderr, /there is no listener/);
  });
});

test("wrong use exits with 2 and says what was meant", () => {
  const rows: [string[], RegExp][] = [
    [[], /^Usage: plimsoll/],
    [["chekc"], /unknown command chekc; did you mean check\?/],
    [["--lisen", ":80"], /unknown option '--lisen'\n\(Did you mean --listen\?\)/],
    [["--listen", ":80"], /--listen and --to are needed/],
    [["--listen", "80", "--to", ":1"], /--listen: not an address: 80/],
    [["simulate", "--config", "a.yaml"], /give either --load or --trace/],
    [["simulate", "--config", "a", "--load", "b", "--seed", "x"], /A seed is a whole number/],
    [["check"], /missing required argument 'file'/],
    [["check", "/nonexistent.yaml"], /there is no such file/],
  ];
  for (const [args, message] of rows) {
    const { status, stderr } = plimsoll(...args);
    assert.equal(status, 2, args.join(" "));
    assert.match(stderr, message);
  }
});

test("--version, --help and schema print to standard output and exit with 0", () => {
  const { version } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
  assert.deepEqual(plimsoll("--version"), { status: 0, stdout: `${version}\n`, stderr: "" });
  assert.match(plimsoll("--help").stdout, /plimsoll run plimsoll\.yaml/);
  assert.equal(plimsoll("schema").stdout, readFileSync(join(ROOT, "schema/plimsoll.schema.json"), "utf8"));
});

test("check --diff prints what a reload would do and exits as diff does", () => {
  const text = "listeners: [{ address: ':80', cluster: a }]\nclusters: { a: { endpoints: [':1'] } }\n";
  withFile(text, (before) => {
    withFile(text.replace("':1'", "':1', ':2'"), (after) => {
      const { status, stdout, stderr } = plimsoll("check", "--diff", before, after);
      assert.equal(stderr, "");
      const line = "+ endpoint 127.0.0.1:2 of cluster a: at 127.0.0.1:2, weight 1";
      assert.equal(stdout, `${line}\n1 endpoint added\n`);
      assert.equal(status, 1);
      assert.deepEqual(plimsoll("check", "--diff", after, after), {
        status: 0,
        stdout: "nothing changed\n",
        stderr: "",
      });
      assert.equal(plimsoll("check", "--diff", "/nowhere", after).status, 2);
      assert.equal(plimsoll("check", "--explain", "--diff", before, after).status, 2);
    });
  });
});
