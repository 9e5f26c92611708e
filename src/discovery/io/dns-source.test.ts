/** Discovery by DNS against a scripted server over real sockets; time moves only when a test says so. */
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { createRandom } from "../../base/random.js";
import type { DnsDiscoverySpec } from "../../model/spec.js";
import { FakeClock } from "../../testing/fake-clock.js";
import type { Finding } from "../source.js";
import { a, aaaa, cname, type DnsServer, type Script, srv, startDnsServer, TYPE } from "./dns-server.test.support.js";
import { startDnsSource } from "./dns-source.js";

const NAME = "web.internal";

/** Follows `NAME` on port 80, asking `servers`; a second at least between two looks. */
function follow(t: TestContext, servers: readonly DnsServer[], changes: Partial<DnsDiscoverySpec> = {}) {
  const clock = new FakeClock();
  const findings: Finding[] = [];
  let told = 0;
  let wake = (): void => {};
  const spec: DnsDiscoverySpec = {
    kind: "dns",
    name: NAME,
    port: 80,
    type: "A",
    mode: "strict",
    minTtlMs: 1000,
    maxTtlMs: 300_000,
    timeoutMs: 2000,
    forgetMs: 60_000,
    resolvers: servers.map(({ port }) => ({ family: "ip4", host: "127.0.0.1", port })),
    ...changes,
  };
  const source = startDnsSource({ spec, clock, random: createRandom(1) }, (finding) => {
    findings.push(finding);
    wake();
  });
  t.after(() => source.close());
  /** The next finding that was not looked at. */
  const next = async (): Promise<{ ids: readonly string[] | undefined; problem: string | undefined }> => {
    while (findings.length <= told) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
    const { endpoints, problem } = findings[told++];
    return { ids: endpoints?.map(({ id }) => id), problem };
  };
  return { clock, findings, source, next };
}

/** Resolves once `server` has been asked `count` times. */
async function askedTimes(server: DnsServer, count: number): Promise<void> {
  while (server.asked.length < count) await new Promise((resolve) => setImmediate(resolve));
}

const one: Script = ({ name }) => ({ records: [a(name, "10.0.0.1")] });

test("every address is an endpoint, and is asked for again as the TTL says", async (t) => {
  let hosts = ["10.0.0.2", "10.0.0.1"];
  const server = await startDnsServer(t, ({ name }) => ({ records: hosts.map((host) => a(name, host, 30)) }));
  const { clock, next } = follow(t, [server]);
  assert.deepEqual(await next(), { ids: ["10.0.0.1:80", "10.0.0.2:80"], problem: undefined });
  hosts = ["10.0.0.3"];
  clock.advance(29_999);
  assert.equal(server.asked.length, 1, "not before it expires");
  clock.advance(3002);
  assert.deepEqual((await next()).ids, ["10.0.0.3:80"]);
  assert.equal(server.asked.length as number, 2);
});

test("a TTL of 0 does not mean a question a millisecond", async (t) => {
  const server = await startDnsServer(t, ({ name }) => ({ records: [a(name, "10.0.0.1", 0)] }));
  const { clock, next } = follow(t, [server], { minTtlMs: 5000 });
  await next();
  clock.advance(4999);
  assert.equal(server.asked.length, 1);
  clock.advance(502);
  await next();
  assert.equal(server.asked.length, 2);
});

test("upper-case names, aliases and their TTL are followed", async (t) => {
  const server = await startDnsServer(t, () => ({
    question: "WEB.INTERNAL",
    records: [cname("Web.Internal", "B.Internal", 9), a("b.INTERNAL", "10.0.0.1", 60)],
  }));
  const { clock, next } = follow(t, [server]);
  assert.deepEqual((await next()).ids, ["10.0.0.1:80"]);
  clock.advance(9901);
  await next();
});

test("answers to somebody else's question are ignored, whatever they say", async (t) => {
  const evil = (name: string) => ({ records: [a(name, "10.6.6.6")] });
  const loop = Buffer.from("0000818000010000000000000000c00c00010001", "hex");
  const server = await startDnsServer(t, ({ id, name }) => [
    { ...evil(name), id: (id + 1) & 0xffff },
    { ...evil("evil.internal"), question: "evil.internal" },
    {
      raw: Buffer.concat([Buffer.from([id >> 8, id & 255]), loop.subarray(2, 12), Buffer.from("c00c00010001", "hex")]),
    },
    { raw: Buffer.from("nonsense") },
    { records: [a(name, "10.0.0.1")] },
  ]);
  const { next } = follow(t, [server]);
  assert.deepEqual(await next(), { ids: ["10.0.0.1:80"], problem: undefined });
});

test("what does not fit is asked for again by TCP: a thousand addresses", async (t) => {
  const hosts = Array.from({ length: 1000 }, (_, i) => `10.1.${i >> 8}.${i & 255}`);
  const server = await startDnsServer(t, ({ name, isTcp }) =>
    isTcp ? { records: hosts.map((host) => a(name, host)) } : { isTruncated: true, records: [a(name, "10.6.6.6")] },
  );
  const { next } = follow(t, [server]);
  const { ids } = await next();
  assert.equal(ids?.length, 1000);
  assert.ok(!ids.includes("10.6.6.6:80"), "nothing of the truncated answer is used");
  assert.deepEqual(
    server.asked.map(({ isTcp }) => isTcp),
    [false, true],
  );
});

test("a resolver that fails or is silent is passed over for the next", async (t) => {
  const silent = await startDnsServer(t, () => undefined);
  const broken = await startDnsServer(t, () => ({ code: 2 }));
  const good = await startDnsServer(t, one);
  const { clock, next } = follow(t, [silent, broken, good]);
  await askedTimes(silent, 1);
  clock.advance(2000);
  assert.deepEqual(await next(), { ids: ["10.0.0.1:80"], problem: undefined });
  assert.deepEqual([silent.asked.length, broken.asked.length, good.asked.length], [1, 1, 1]);
});

test("failures of every kind keep the last good set and say why; waits grow and are over with a good answer", async (t) => {
  const server = await startDnsServer(t, one);
  const { clock, next } = follow(t, [server]);
  await next();
  const problems: [Script, RegExp][] = [
    [() => ({ code: 2 }), /web\.internal A: 127\.0\.0\.1:\d+: SERVFAIL$/],
    [() => ({ records: [cname(NAME, "b"), cname("b", NAME)] }), /aliases, or a loop of them$/],
    [() => ({}), /^web\.internal has no usable A record$/],
    [() => ({ records: [a(NAME, "0.0.0.0")] }), /^web\.internal has no usable A record$/],
    [() => ({ code: 3 }), /no such name \(NXDOMAIN\)$/],
    [() => ({ isTruncated: true }), /cut short even by TCP$/],
  ];
  for (const [script, expected] of problems) {
    server.script = script;
    clock.advance(70_000);
    const { ids, problem } = await next();
    assert.ok(ids === undefined || ids.join() === "10.0.0.1:80", `${expected}: the set stays`);
    assert.match(problem!, expected);
  }
  server.script = one;
  clock.advance(33_001);
  assert.deepEqual(await next(), { ids: ["10.0.0.1:80"], problem: undefined });
});

test("no answer at all is a failure after each resolver was asked twice", async (t) => {
  const server = await startDnsServer(t, () => undefined);
  const { clock, next } = follow(t, [server]);
  for (const times of [1, 2]) {
    await askedTimes(server, times);
    clock.advance(2000);
  }
  const { ids, problem } = await next();
  assert.equal(ids, undefined);
  assert.match(problem!, /no answer within 2000 ms$/);
});

test("a name that stays unknown longer than forgetAfter is given up, and comes back with its first answer", async (t) => {
  const server = await startDnsServer(t, one);
  const { clock, next } = follow(t, [server], { forgetMs: 60_000 });
  await next();
  server.script = () => ({ code: 3 });
  clock.advance(70_000);
  assert.equal((await next()).ids, undefined);
  let waited = 0;
  let last = await (async () => {
    for (;;) {
      clock.advance(33_001);
      waited += 33_001;
      const found = await next();
      if (found.ids !== undefined || waited > 200_000) return found;
    }
  })();
  assert.deepEqual(last.ids, []);
  assert.match(last.problem!, /NXDOMAIN/);
  assert.ok(waited >= 60_000 && waited < 140_000, `after ${waited} ms`);
  server.script = one;
  clock.advance(33_001);
  last = await next();
  assert.deepEqual(last, { ids: ["10.0.0.1:80"], problem: undefined });
});

test("with forgetAfter none an unknown name keeps its endpoints", async (t) => {
  const server = await startDnsServer(t, one);
  const { clock, next } = follow(t, [server], { forgetMs: 0 });
  await next();
  server.script = () => ({ code: 3 });
  for (let i = 0; i < 4; i++) {
    clock.advance(330_000);
    assert.equal((await next()).ids, undefined);
  }
});

test("both families: one that fails keeps what it had, one that is empty has nothing", async (t) => {
  const v6 = [0x2001, 0xdb8, 0, 0, 0, 0, 0, 1];
  const server = await startDnsServer(t, ({ name, type }) => {
    return { records: [type === TYPE.A ? a(name, "10.0.0.1") : aaaa(name, v6)] };
  });
  const { clock, next } = follow(t, [server], { type: "A+AAAA" });
  assert.deepEqual((await next()).ids, ["10.0.0.1:80", "[2001:db8::1]:80"]);
  server.script = ({ name, type }) => (type === TYPE.A ? { records: [a(name, "10.0.0.2")] } : { code: 2 });
  clock.advance(66_001);
  const partly = await next();
  assert.deepEqual(partly.ids, ["10.0.0.2:80", "[2001:db8::1]:80"]);
  assert.match(partly.problem!, /AAAA: .*SERVFAIL/);
  server.script = ({ name, type }) => (type === TYPE.A ? { records: [a(name, "10.0.0.2")] } : {});
  clock.advance(1101);
  assert.deepEqual(await next(), { ids: ["10.0.0.2:80"], problem: undefined });
});

test("SRV: targets, ports, weights and levels; a target that cannot be resolved keeps its addresses", async (t) => {
  const name = "_http._tcp.web.internal";
  const services = [srv(name, 10, 0, 8080, "A.internal"), srv(name, 20, 30, 8081, "b.internal")];
  const answers: Script = (asked) => {
    if (asked.type === TYPE.SRV) return { records: services };
    if (asked.name === "b.internal")
      return asked.type === TYPE.A ? {} : { records: [aaaa("b.internal", [1, 2, 3, 4, 5, 6, 7, 8])] };
    return { records: [a("a.internal", "10.0.0.1"), a("a.internal", "10.0.0.2")] };
  };
  const server = await startDnsServer(t, answers);
  const { clock, findings, next } = follow(t, [server], { name, type: "SRV", port: 0 });
  await next();
  assert.deepEqual(
    findings[0].endpoints?.map(({ id, weight, priority }) => [id, weight, priority]),
    [
      ["10.0.0.1:8080", 1, 0],
      ["10.0.0.2:8080", 1, 0],
      ["[1:2:3:4:5:6:7:8]:8081", 30, 1],
    ],
  );
  server.script = (asked) => (asked.name === "a.internal" ? { code: 2 } : answers(asked));
  clock.advance(66_001);
  const partly = await next();
  assert.equal(partly.ids?.length, 3);
  assert.match(partly.problem!, /^a\.internal A: .*SERVFAIL$/);
});

test("logical: one endpoint at one of the addresses, which it leaves only when it must", async (t) => {
  let hosts = ["10.0.0.1", "10.0.0.2"];
  const server = await startDnsServer(t, ({ name }) => ({ records: hosts.map((host) => a(name, host)) }));
  const { clock, findings, next } = follow(t, [server], { mode: "logical" });
  const look = async () => {
    assert.deepEqual((await next()).ids, ["web.internal:80"]);
    const [{ address }] = findings.at(-1)!.endpoints!;
    return address.family === "unix" ? "" : address.host;
  };
  assert.equal(await look(), "10.0.0.1");
  hosts = ["10.0.0.2", "10.0.0.1"];
  clock.advance(66_001);
  assert.equal(await look(), "10.0.0.1");
  hosts = ["10.0.0.2"];
  clock.advance(66_001);
  assert.equal(await look(), "10.0.0.2");
});

test("after its end it asks nobody and says nothing", async (t) => {
  const server = await startDnsServer(t, () => undefined);
  const { clock, findings, source } = follow(t, [server]);
  await askedTimes(server, 1);
  source.close();
  assert.equal(clock.pending, 0);
  clock.advance(600_000);
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual([findings.length, server.asked.length], [0, 1]);
});
