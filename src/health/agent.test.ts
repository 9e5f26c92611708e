import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { MAX_AGENT_BYTES, parseAgentReply } from "./agent.js";
import { AgentLine } from "./agent-line.js";
import type { Judgement } from "./reader.js";

for (const [line, up, ready, percent, maxActive, text] of [
  ["up", true, undefined, undefined, undefined, "up"],
  ["UP", true, undefined, undefined, undefined, "UP"],
  ["down", false, undefined, undefined, undefined, "down"],
  ["down#disk full", false, undefined, undefined, undefined, "down: disk full"],
  ["failed # no, really: up", false, undefined, undefined, undefined, "failed: no, really: up"],
  ["stopped", false, undefined, undefined, undefined, "stopped"],
  ["drain", undefined, false, undefined, undefined, "drain"],
  ["maint", undefined, false, undefined, undefined, "maint"],
  ["ready", undefined, true, undefined, undefined, "ready"],
  ["75%", undefined, undefined, 75, undefined, "75%"],
  ["0%", undefined, undefined, 0, undefined, "0%"],
  ["1000%", undefined, undefined, 1000, undefined, "1000%"],
  ["maxconn:30", undefined, undefined, undefined, 30, "maxconn:30"],
  ["up ready 50%, maxconn:7", true, true, 50, 7, "up ready 50% maxconn:7"],
  ["\tup,,drain ", true, false, undefined, undefined, "up drain"],
] as const) {
  test(`an agent that says ${JSON.stringify(line)} is understood`, () => {
    assert.deepEqual(parseAgentReply(line), { up, ready, percent, maxActive, text });
  });
}

for (const line of [
  "",
  " ",
  "#why",
  "upp",
  "up down",
  "ready drain",
  "75% 50%",
  "75",
  "%",
  "-5%",
  "7.5%",
  "1001%",
  "99999999%",
  "maxconn:",
  "maxconn:-1",
  "maxconn:9999999",
  "maxconn=3",
  "up\0",
  "up\x1b[31m",
  "constructor",
  "__proto__",
  `up#${"x".repeat(MAX_AGENT_BYTES)}`,
]) {
  test(`an agent that says ${JSON.stringify(line.slice(0, 30))} says nothing`, () => {
    assert.equal(parseAgentReply(line), undefined);
  });
}

function read(text: string, cuts: readonly number[] = []): Judgement {
  const bytes = Uint8Array.from(text, (char) => char.charCodeAt(0));
  const line = new AgentLine();
  const edges = [0, ...cuts.map((cut) => Math.min(cut, bytes.length)).sort((a, b) => a - b), bytes.length];
  for (let i = 1; i < edges.length; i++) {
    const judgement = line.feed(bytes.subarray(edges[i - 1], edges[i]));
    if (judgement !== undefined) return judgement;
  }
  return line.end();
}

test("a line ends with LF, CR LF or the connection, and what follows it is not read", () => {
  for (const text of ["up 5%", "up 5%\n", "up 5%\r\ndown", "up 5%\ndown"]) assert.equal(read(text).said?.percent, 5);
});

test("what is not understood is shown without its control characters", () => {
  assert.equal(read("\x1b[2J\n").reason, 'not understood: "\\u001b[2J"');
  assert.equal(read("\n").reason, "said nothing");
  assert.equal(read("x".repeat(600)).reason, `more than ${MAX_AGENT_BYTES} bytes`);
});

test("any bytes in any pieces give one judgement, within bounds", () => {
  const words = fc.constantFrom(
    "up",
    "down",
    "#",
    "drain",
    "5%",
    "maxconn:",
    "9",
    " ",
    ",",
    "\n",
    "\r",
    "\0",
    "%",
    "ready",
  );
  const texts = fc.oneof(
    fc.array(words, { maxLength: 12 }).map((parts) => parts.join("")),
    fc.uint8Array({ maxLength: 600 }).map((bytes) => String.fromCharCode(...bytes)),
  );
  fc.assert(
    fc.property(texts, fc.array(fc.nat(600), { maxLength: 8 }), (text, cuts) => {
      const judgement = read(text, cuts);
      assert.deepEqual(judgement, read(text));
      const { said } = judgement;
      if (said === undefined) {
        assert.equal(judgement.ok, false);
        return;
      }
      assert.equal(judgement.ok, said.up !== false);
      assert.ok(said.percent === undefined || (said.percent >= 0 && said.percent <= 1000));
      assert.ok(said.maxActive === undefined || (said.maxActive >= 0 && said.maxActive <= 1_000_000));
    }),
    { numRuns: 5000, interruptAfterTimeLimit: 3000 },
  );
});
