import assert from "node:assert/strict";
import { isIP } from "node:net";
import { test } from "node:test";
import fc from "fast-check";
import { createRandom } from "../base/random.js";
import { judgeResponse } from "./dns-answer.js";
import { DnsMemory } from "./dns-memory.js";
import { type DnsQuestion, decodeResponse } from "./dns-message.js";
import { delayAfterAnswer, delayAfterFailure } from "./dns-schedule.js";
import { logicalEndpoint, serviceEndpoints, strictEndpoints } from "./dns-set.js";
import { type Answer, a, cname, encodeAnswer, srv, TYPE } from "./io/dns-server.test.support.js";
import { parseResolvConf } from "./resolv-conf.js";

const question: DnsQuestion = { name: "web.internal", type: "A" };

function judge(answer: Answer, { name, type } = question) {
  const asked = { id: 1, name, type: TYPE[type], isTcp: false };
  return judgeResponse(decodeResponse(encodeAnswer(asked, answer))!, { name, type });
}

test("aliases are followed, and the shortest TTL on the way counts", () => {
  const records = [
    cname("web.internal", "B.internal", 30),
    cname("b.internal", "c.internal", 9),
    a("C.internal", "10.0.0.1"),
  ];
  assert.deepEqual(judge({ records }), { kind: "addresses", addresses: ["10.0.0.1"], ttlMs: 9000 });
  assert.deepEqual(judge({ records: records.slice(0, 2) }), { kind: "empty" });
});

test("aliases that go round are a failure", () => {
  const loop = [cname("web.internal", "b.internal"), cname("b.internal", "web.internal")];
  assert.equal(judge({ records: loop }).kind, "failed");
  assert.equal(judge({ records: [cname("web.internal", "web.internal")] }).kind, "failed");
});

test("records of other names, and addresses where nobody can be, are left out", () => {
  const records = ["0.0.0.0", "0.1.2.3", "224.0.0.1", "255.255.255.255", "127.0.0.1"].map((host) =>
    a("web.internal", host),
  );
  const verdict = judge({ records: [a("evil.internal", "10.6.6.6"), ...records] });
  assert.deepEqual(verdict.kind === "addresses" && verdict.addresses, ["127.0.0.1"]);
});

test("codes tell an unknown name from a server that cannot say", () => {
  assert.equal(judge({ code: 3 }).kind, "unknown");
  assert.deepEqual(judge({ code: 2 }), { kind: "failed", reason: "SERVFAIL" });
  assert.deepEqual(judge({ code: 5 }), { kind: "failed", reason: "REFUSED" });
  assert.deepEqual(judge({ code: 9 }), { kind: "failed", reason: "response code 9" });
  assert.equal(judge({}).kind, "empty");
});

test("services without a target that can be asked for are left out", () => {
  const name = "_http._tcp.web.internal";
  const records = [srv(name, 0, 1, 80, ""), srv(name, 0, 1, 0, "a.internal"), srv(name, 0, 1, 80, "a b.internal")];
  assert.equal(judge({ records }, { name, type: "SRV" }).kind, "empty");
  const verdict = judge({ records: [...records, srv(name, 0, 1, 80, "A.internal")] }, { name, type: "SRV" });
  assert.equal(verdict.kind === "services" && verdict.services[0].target, "a.internal");
});

test("strict: every address once, in an order that does not depend on the answer's", () => {
  const ids = (addresses: string[]) => strictEndpoints(addresses, 80).map(({ id }) => id);
  assert.deepEqual(ids(["10.0.0.2", "10.0.0.1", "2001:db8::1", "10.0.0.2"]), [
    "10.0.0.1:80",
    "10.0.0.2:80",
    "[2001:db8::1]:80",
  ]);
});

test("logical: one endpoint that keeps its name, and its address while that is still among the answers", () => {
  const spec = { name: "web.internal", port: 80 };
  const at = (addresses: string[], current?: string) => {
    const { id, address } = logicalEndpoint(spec, addresses, current);
    assert.equal(id, "web.internal:80");
    return address.family === "unix" ? "" : address.host;
  };
  assert.equal(at(["10.0.0.2", "10.0.0.1"]), "10.0.0.2");
  assert.equal(at(["10.0.0.1", "10.0.0.2"], "10.0.0.2"), "10.0.0.2");
  assert.equal(at(["10.0.0.3", "10.0.0.1"], "10.0.0.2"), "10.0.0.3");
});

test("SRV: weight 0 becomes 1, large weights are scaled together, priorities become levels", () => {
  const of = (priority: number, weight: number, target: string) => ({ priority, weight, port: 80, target });
  const hosts: Record<string, string[]> = { a: ["10.0.0.2", "10.0.0.1"], b: ["10.0.0.3"], c: ["10.0.0.3"], d: [] };
  const endpoints = serviceEndpoints(
    [of(20, 7, "c"), of(10, 0, "a"), of(10, 5, "b"), of(10, 9, "d")],
    (target) => hosts[target],
  );
  assert.deepEqual(
    endpoints.map(({ id, weight, priority }) => [id, weight, priority]),
    [
      ["10.0.0.1:80", 1, 0],
      ["10.0.0.2:80", 1, 0],
      ["10.0.0.3:80", 5, 0],
    ],
  );
  const scaled = serviceEndpoints([of(0, 50_000, "a"), of(1, 100, "b")], (target) => hosts[target]);
  assert.deepEqual(
    scaled.map(({ weight, priority }) => [weight, priority]),
    [
      [1000, 0],
      [1000, 0],
      [2, 1],
    ],
  );
});

test("waits stay within the bounds, and a tenth above them at most", () => {
  const bounds = { minTtlMs: 5000, maxTtlMs: 60_000 };
  fc.assert(
    fc.property(
      fc.nat(),
      fc.integer({ min: 0, max: 2 ** 31 - 1 }),
      fc.integer({ min: 1, max: 100 }),
      (seed, ttl, failures) => {
        const random = createRandom(seed);
        const answered = delayAfterAnswer(ttl, bounds, random);
        const clamped = Math.min(60_000, Math.max(5000, ttl));
        assert.ok(answered >= clamped && answered <= clamped * 1.1);
        const failed = delayAfterFailure(failures, bounds, random);
        const doubled = Math.min(30_000, 5000 * 2 ** (failures - 1));
        assert.ok(failed >= doubled && failed <= doubled * 1.1);
      },
    ),
  );
  assert.ok(delayAfterFailure(1, { minTtlMs: 60_000, maxTtlMs: 90_000 }, createRandom(1)) >= 60_000);
});

test("a question that fails is answered from memory, one that is answered empty is not", () => {
  const memory = new DnsMemory();
  const learn = (...verdicts: Parameters<DnsMemory["learn"]>[1][]): readonly string[] => {
    memory.begin();
    for (const verdict of verdicts) memory.learn(question, verdict);
    memory.end();
    return memory.addresses(question);
  };
  assert.deepEqual(learn({ kind: "addresses", addresses: ["10.0.0.1"], ttlMs: 3000 }), ["10.0.0.1"]);
  assert.equal(memory.ttlMs, 3000);
  assert.deepEqual(learn({ kind: "failed", reason: "SERVFAIL" }), ["10.0.0.1"]);
  assert.equal(memory.problem, "web.internal A: SERVFAIL");
  assert.deepEqual(learn({ kind: "unknown" }), ["10.0.0.1"]);
  assert.match(memory.problem!, /NXDOMAIN/);
  assert.deepEqual(learn({ kind: "empty" }), []);
  assert.equal(memory.problem, undefined);
  assert.deepEqual(learn({ kind: "addresses", addresses: ["10.0.0.2"], ttlMs: 1 }), ["10.0.0.2"]);
  assert.deepEqual(learn(), [], "what is not asked for any more is forgotten");
});

test("the system's resolvers are read as the C library does", () => {
  const text =
    "# comment\nsearch a.b\nnameserver 10.0.0.1\r\n nameserver\t2001:db8::1 # second\nnameserver dns.internal\noptions ndots:5\n";
  assert.deepEqual(parseResolvConf(text, isIP), [
    { family: "ip4", host: "10.0.0.1", port: 53 },
    { family: "ip6", host: "2001:db8::1", port: 53 },
  ]);
  assert.equal(parseResolvConf("nameserver 10.0.0.1\n".repeat(5), isIP).length, 3);
  assert.deepEqual(parseResolvConf("", isIP), [{ family: "ip4", host: "127.0.0.1", port: 53 }]);
});
