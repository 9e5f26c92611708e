/** What a request's head costs between parsing and sending: claims, route, forwarded head, response head, in nanoseconds. */
import type { RouteSpec } from "../../src/model/spec.js";
import { createClientFields, createForwardingRules, dropClaims } from "../../src/proxy/http/forwarding.js";
import { Framing } from "../../src/proxy/http/framing.js";
import { writeLocalResponse } from "../../src/proxy/http/local-response.js";
import { latin1 } from "../../src/proxy/http/put-bytes.js";
import { Reply } from "../../src/proxy/http/reply.js";
import { RequestContext, writeRequestHead } from "../../src/proxy/http/request-writer.js";
import { ResponseContext, writeResponseHead } from "../../src/proxy/http/response-writer.js";
import { compileRoutes, type RouteTable } from "../../src/proxy/http/route-table.js";
import { Method, RequestHead, ResponseHead } from "../../src/wire/http1/head.js";
import { DEFAULT_HTTP_LIMITS } from "../../src/wire/http1/limits.js";
import { parseRequestHead } from "../../src/wire/http1/request-parser.js";
import { parseResponseHead } from "../../src/wire/http1/response-parser.js";

const ROUNDS = 7;
const TIMES = 1_000_000;
const bytes = new Uint8Array(1 << 20);
const OUT = 1 << 19;

/** Prints the best of several rounds: other work on the machine only ever adds. */
function measure(name: string, task: () => number): void {
  let best = Infinity;
  for (let round = 0; round <= ROUNDS; round++) {
    let sum = 0;
    const start = process.hrtime.bigint();
    for (let i = 0; i < TIMES; i++) sum += task();
    const each = Number(process.hrtime.bigint() - start) / TIMES;
    if (round > 0) best = Math.min(best, each);
    if (sum === 0) throw new Error(`${name} did nothing`);
  }
  console.log(`${name.padEnd(52)} ${best.toFixed(0).padStart(6)} ns`);
}

function put(at: number, lines: readonly string[]): number {
  const text = latin1(`${lines.join("\r\n")}\r\n\r\n`);
  bytes.set(text, at);
  return at + text.length;
}

function request(at: number, lines: readonly string[]): RequestHead {
  const head = new RequestHead(100);
  if (parseRequestHead(bytes, at, put(at, lines), DEFAULT_HTTP_LIMITS, head) <= 0) throw new Error(head.reason);
  return head;
}

function response(at: number, lines: readonly string[]): ResponseHead {
  const head = new ResponseHead(100);
  const end = put(at, lines);
  if (parseResponseHead(bytes, at, end, DEFAULT_HTTP_LIMITS, Method.GET, head) <= 0) throw new Error(head.reason);
  return head;
}

function routes(...matches: Partial<RouteSpec["match"]>[]): RouteTable {
  const action = { kind: "respond", status: 200, body: "", contentType: "text/plain" } as const;
  const any = { host: undefined, path: undefined, methods: [], headers: [], query: [] };
  return compileRoutes(
    matches.map((match) => ({
      name: "",
      match: { ...any, ...match },
      action,
      requestHeaders: [],
      responseHeaders: [],
    })),
  );
}

const small = request(64, ["GET / HTTP/1.1", "Host: 127.0.0.1:8080"]);
const browser = request(4096, [
  "GET /v1/things/4711?view=full HTTP/1.1",
  "Host: h250.example.com",
  "Connection: keep-alive",
  "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36",
  "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
  "Accept-Encoding: gzip, deflate, br, zstd",
  "Accept-Language: en-GB,en;q=0.9,de;q=0.8",
  "Referer: https://h250.example.com/v1/things",
  "Cookie: session=0123456789abcdef0123456789abcdef; theme=dark",
  "Cache-Control: max-age=0",
]);

const context = new RequestContext();
context.client = createClientFields("127.0.0.1", "http");
context.requestId = latin1("0123456789abcdef0123456789abcdef");
const quiet = createForwardingRules({ via: "", forwarded: false, requestId: false });
const full = createForwardingRules({ via: "plimsoll", forwarded: false, requestId: true });

for (const [name, head] of [["wrk", small] as const, ["browser", browser] as const]) {
  measure(`${name}: drop an untrusted client's claims`, () => {
    dropClaims(bytes, head, full);
    return 1;
  });
  for (const [what, rules] of [
    ["X-Forwarded-*", quiet] as const,
    ["X-Forwarded-*, Via, X-Request-Id", full] as const,
  ]) {
    measure(`${name}: request head, ${what}`, () => {
      context.rules = rules;
      return writeRequestHead(bytes, head, context, bytes, OUT, bytes.length);
    });
  }
}

const hosts = Array.from({ length: 500 }, (_, i) => ({ host: `h${i}.example.com` }));
const tables: [string, RouteTable][] = [
  ["one route for everything", routes({})],
  [
    "two prefixes and the rest",
    routes({ path: { kind: "prefix", value: "/v2/" } }, { path: { kind: "prefix", value: "/v1/" } }, {}),
  ],
  ["500 hosts", routes(...hosts)],
  [
    "500 hosts, *.suffixes and prefixes between",
    routes({ path: { kind: "prefix", value: "/x/" } }, ...hosts, { host: "*.com" }),
  ],
];
for (const [name, table] of tables) measure(`route: ${name}`, () => table.match(bytes, browser) + 1);

const answer = new ResponseContext();
answer.framing = Framing.LENGTH;
const plain = response(8192, [
  "HTTP/1.1 200 OK",
  "Content-Type: text/plain",
  "Date: Thu, 01 Jan 2026 00:00:00 GMT",
  "Content-Length: 70",
]);
const node = response(12_288, [
  "HTTP/1.1 200 OK",
  "Content-Type: text/plain",
  "Date: Thu, 01 Jan 2026 00:00:00 GMT",
  "Connection: keep-alive",
  "Keep-Alive: timeout=5",
  "Content-Length: 70",
]);
measure("response head, one run", () => writeResponseHead(bytes, plain, answer, bytes, OUT, bytes.length));
measure("response head, two lines dropped", () => writeResponseHead(bytes, node, answer, bytes, OUT, bytes.length));

const reply = new Reply();
reply.setId(context.requestId, 0, 32);
measure("local answer", () => writeLocalResponse("NO_ROUTE", reply, bytes, OUT, bytes.length));
