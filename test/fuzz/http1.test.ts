/**
 * Mutated requests and responses against the codec for a few seconds each: nothing throws, no split changes a result, and what the proxy would
 * forward is read by every model of a server or client as the very messages that the
 * proxy believes it sent. FUZZ_SEED replays a run,
 * FUZZ_MS makes it longer.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { createRandom, type Random } from "../../src/base/random.js";
import { decodeIn } from "../../src/wire/http1/decoded.test.support.js";
import { readRequest, readResponse } from "../../src/wire/http1/parsed.test.support.js";
import { mutated, mutatedResponses } from "./http1-corpus.js";
import { type Leniency, READERS, type ReadRequest, readAs, readResponsesAs } from "./http1-readers.js";
import { type Relayed, relay } from "./http1-relay.js";
import { relayResponses } from "./http1-response-relay.js";

const SEED = Number(process.env.FUZZ_SEED ?? Date.now() % 0x1_0000_0000);
const BUDGET_MS = Number(process.env.FUZZ_MS ?? 3000);

const bytesOf = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, "latin1"));

/** Whether two readings are one: a request cut off counts as read if it is at least begun as logged. */
function agrees(logged: readonly ReadRequest[], seen: readonly ReadRequest[]): boolean {
  const whole = logged.filter((request) => request.complete);
  const part = logged.find((request) => !request.complete);
  if (seen.length !== whole.length && !(part !== undefined && seen.length === whole.length + 1)) return false;
  return seen.every((request, i) => {
    const meant = whole[i] ?? part;
    const same = request.method === meant.method && request.target === meant.target && request.host === meant.host;
    return same && request.complete === meant.complete && request.body === meant.body;
  });
}

function mayJudge(how: Leniency, relayed: Relayed): boolean {
  // A GET may have a body (RFC 9110 9.3.1): this one reader cannot be saved from itself except by refusing them all.
  if (how.noBodyOfGet && relayed.bodyOfGet) return false;
  return true;
}

test(`what is forwarded has one reading (FUZZ_SEED=${SEED})`, () => {
  const random = createRandom(SEED);
  const end = performance.now() + BUDGET_MS;
  let accepted = 0;
  let refused = 0;
  for (let round = 0; performance.now() < end; round++) {
    const input = mutated(random);
    const relayed = relay(bytesOf(input));
    accepted += relayed.logged.length;
    if (relayed.why !== "end") refused++;
    for (const [name, how] of Object.entries(READERS)) {
      if (!mayJudge(how, relayed)) continue;
      const seen = readAs(relayed.wire, how);
      const story = `round ${round}, reader ${name}\ninput ${JSON.stringify(input)}\nwire ${JSON.stringify(relayed.wire)}`;
      assert.ok(
        agrees(relayed.logged, seen.requests),
        `${story}\nread ${JSON.stringify(seen)}\nlog ${JSON.stringify(relayed.logged)}`,
      );
      if (name === "O1 strict")
        assert.equal(seen.refused, false, `${story}\na strict server refuses what is forwarded`);
    }
    if (round % 50 === 0) checkSplits(random, input);
  }
  assert.ok(accepted > 100 && refused > 100, `too little happened: ${accepted} accepted, ${refused} refused`);
});

test(`what a client gets of an endpoint's bytes has one reading (FUZZ_SEED=${SEED})`, () => {
  const random = createRandom(SEED);
  const end = performance.now() + BUDGET_MS;
  let accepted = 0;
  for (let round = 0; performance.now() < end; round++) {
    const input = mutatedResponses(random);
    const methods = Array.from({ length: 4 }, () => (random.below(3) === 0 ? "HEAD" : "GET"));
    const { wire, logged } = relayResponses(bytesOf(input), methods);
    accepted += logged.length;
    for (const [name, how] of Object.entries(READERS)) {
      const read = readResponsesAs(wire, methods, how);
      const story = `round ${round}, reader ${name}, ${methods}\ninput ${JSON.stringify(input)}\nwire ${JSON.stringify(wire)}`;
      assert.deepEqual(read, logged, story);
    }
    if (round % 50 === 0) checkSplits(random, input);
  }
  assert.ok(accepted > 100, `too little happened: ${accepted} accepted`);
});

/** Heads at every prefix (the support code asserts it), chunked bodies cut anywhere. */
function checkSplits(random: Random, input: string): void {
  readRequest(input);
  readResponse(input);
  const body = input.slice(input.indexOf("\r\n\r\n") + 4);
  const cuts = Array.from({ length: random.below(6) }, () => random.below(body.length + 1)).sort((a, b) => a - b);
  assert.deepEqual(decodeIn(body, cuts), decodeIn(body, []), `${JSON.stringify(body)} cut at ${cuts}`);
}
