import assert from "node:assert/strict";
import { test } from "node:test";
import { CODES, TRAITS } from "../../base/errors.js";
import type { ActionSpec, HeaderOperation } from "../../model/spec.js";
import { Body, Method } from "../../wire/http1/head.js";
import { prefersJson } from "./accept.js";
import { compileFixedResponse, writeFixedResponse } from "./fixed-response.js";
import { request, response, textOf } from "./heads.test.support.js";
import { writeLocalResponse } from "./local-response.js";
import { CONTINUE, writeOptionsResponse } from "./options-response.js";
import { latin1 } from "./put-bytes.js";
import { compileRedirect, writeRedirect } from "./redirect.js";
import { Reply } from "./reply.js";

const dest = new Uint8Array(32_768);
const ID = latin1("0123456789abcdef");

function reply(set: Partial<Pick<Reply, "clientMinor" | "isHead" | "keepAlive" | "json">> = {}): Reply {
  return Object.assign(new Reply(), { keepAlive: true }, set);
}

/** Splits what was written, and checks that it parses and that its length is true. */
function read(length: number, isHead = false): { lines: string[]; body: string } {
  assert.ok(length > 0, `nothing was written: ${length}`);
  const text = textOf(dest, 5, 5 + length);
  const at = text.indexOf("\r\n\r\n");
  const lines = text.slice(0, at).split("\r\n");
  const body = text.slice(at + 4);
  const { head } = response(lines, isHead ? Method.HEAD : Method.GET);
  if (head.body !== Body.NONE) assert.equal(head.contentLength, body.length);
  else assert.equal(body, "");
  return { lines, body };
}

test("what Plimsoll answers itself says when", () => {
  const asked = reply();
  asked.date = latin1("date: Mon, 09 Nov 2026 08:07:06 GMT\r\n");
  assert.ok(
    read(writeLocalResponse("NO_ROUTE", asked, dest, 5, 1029)).lines.includes("date: Mon, 09 Nov 2026 08:07:06 GMT"),
  );
});

for (const code of CODES) {
  test(`${code} is answered in text and in JSON, with its code, its status and the request's id`, () => {
    const { status, text } = TRAITS[code];
    const asked = reply();
    asked.setId(ID, 0, ID.length);
    const length = writeLocalResponse(code, asked, dest, 5, 1029);
    if (status === 0) return assert.equal(length, 0);
    const plain = read(length);
    assert.ok(plain.lines[0].startsWith(`HTTP/1.1 ${status} `), plain.lines[0]);
    assert.notEqual(plain.lines[0], `HTTP/1.1 ${status} `, "every status here has a reason phrase");
    assert.equal(plain.body, `${code}: ${text}\nrequest id: 0123456789abcdef\n`);
    assert.ok(
      plain.lines.some((line) => line.startsWith("proxy-status: plimsoll; ") && line.includes(`details="${code}"`)),
    );
    assert.ok(plain.lines.includes("cache-control: no-store"));
    assert.equal(plain.lines.includes("retry-after: 1"), status === 503);
    asked.json = true;
    const { body } = read(writeLocalResponse(code, asked, dest, 5, 1029));
    assert.deepEqual(JSON.parse(body), { status, code, message: text, requestId: "0123456789abcdef" });
    return undefined;
  });
}

test("HEAD gets the header that GET would get, and no body", () => {
  const whole = read(writeLocalResponse("NO_ROUTE", reply(), dest, 5, 2000));
  const head = read(writeLocalResponse("NO_ROUTE", reply({ isHead: true }), dest, 5, 2000), true);
  assert.deepEqual(head.lines, whole.lines);
});

test("the connection's fate is said as the client's version needs it", () => {
  const lineFor = (set: Parameters<typeof reply>[0]): string | undefined =>
    read(writeLocalResponse("NO_ROUTE", reply(set), dest, 5, 2000)).lines.find((line) => line.startsWith("connection"));
  assert.equal(lineFor({}), undefined);
  assert.equal(lineFor({ clientMinor: 0 }), "connection: keep-alive");
  assert.equal(lineFor({ keepAlive: false }), "connection: close");
  assert.equal(lineFor({ keepAlive: false, clientMinor: 0 }), "connection: close");
});

test("an id that would need escaping is left out", () => {
  for (const id of ['a"b', "<script>", "a b", "\xe9", "x".repeat(65), ""]) {
    const asked = reply({ json: true });
    asked.setId(latin1("old"), 0, 3);
    asked.setId(latin1(id), 0, id.length);
    const { body } = read(writeLocalResponse("NO_ROUTE", asked, dest, 5, 2000));
    assert.equal("requestId" in JSON.parse(body), false, id);
  }
});

test("an answer that might not fit is not written", () => {
  assert.equal(writeLocalResponse("NO_ROUTE", reply(), dest, 5, 105), -1);
  assert.equal(writeOptionsResponse(reply(), dest, 5, 105), -1);
  assert.equal(writeFixedResponse(compileFixedResponse(fixed(200, "x".repeat(100)), []), reply(), dest, 5, 150), -1);
  const { bytes, head } = request(`GET /${"x".repeat(100)} HTTP/1.1`, "Host: h");
  assert.equal(writeRedirect(compileRedirect(redirect("{path}"), []), bytes, head, reply(), dest, 5, 105), -1);
});

test("P05: 405 and the answer to OPTIONS say which methods are allowed, 100 says nothing", () => {
  const allow = "allow: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS";
  assert.ok(read(writeLocalResponse("METHOD_NOT_ALLOWED", reply(), dest, 5, 2000)).lines.includes(allow));
  assert.deepEqual(read(writeOptionsResponse(reply(), dest, 5, 2000)).lines, [
    "HTTP/1.1 200 OK",
    allow,
    "content-length: 0",
  ]);
  assert.equal(textOf(CONTINUE, 0, CONTINUE.length), "HTTP/1.1 100 Continue\r\n\r\n");
});

for (const [accept, wanted] of [
  [[], false],
  [["*/*"], false],
  [["application/json"], true],
  [["Application/JSON;charset=utf-8"], true],
  [["application/*"], true],
  [["text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"], false],
  [["application/json, text/plain, */*"], true],
  [["application/json;q=0.5, text/plain"], false],
  [["application/json;q=0, */*"], false],
  [["application/json;q=0"], false],
  [["text/plain;q=0.25, application/json; Q=0.3"], true],
  [["text/plain;q=0.305, application/json;q=0.304"], false],
  [["text/*;q=0.9, */*"], true],
  [["application/problem+json"], false],
  [["text/html", "application/json"], true],
  [[""], false],
] as const) {
  test(`Accept ${JSON.stringify(accept)} ${wanted ? "prefers JSON" : "gets text"}`, () => {
    const { bytes, head } = request("GET / HTTP/1.1", "Host: h", ...accept.map((value) => `Accept: ${value}`));
    assert.equal(prefersJson(bytes, head), wanted);
  });
}

function fixed(status: number, body: string): Extract<ActionSpec, { kind: "respond" }> {
  return { kind: "respond", status, body, contentType: "text/plain; charset=utf-8" };
}

test("a fixed response has its body's length in bytes and the route's fields", () => {
  const operations: HeaderOperation[] = [
    { kind: "set", name: "Content-Type", value: "text/html" },
    { kind: "add", name: "X-A", value: "1" },
  ];
  const { lines, body } = read(
    writeFixedResponse(compileFixedResponse(fixed(200, "é"), operations), reply(), dest, 5, 2000),
  );
  assert.deepEqual(lines, ["HTTP/1.1 200 OK", "content-length: 2", "content-type: text/html", "x-a: 1"]);
  assert.equal(body, "\xc3\xa9");
  const empty = compileFixedResponse(fixed(204, "ignored"), []);
  assert.deepEqual(read(writeFixedResponse(empty, reply(), dest, 5, 2000)).lines, ["HTTP/1.1 204 No Content"]);
  const head = read(
    writeFixedResponse(compileFixedResponse(fixed(200, "x"), []), reply({ isHead: true }), dest, 5, 2000),
    true,
  );
  assert.ok(head.lines.includes("content-length: 1"));
  for (const status of [100, 199, 600, 200.5]) {
    assert.throws(() => compileFixedResponse(fixed(status, ""), []), { code: "CONFIG_INVALID" });
  }
});

test("a route whose fields have a Date, or remove it, gets no other", () => {
  const { bytes, head } = request("GET /a HTTP/1.1", "Host: h");
  const dated = reply({});
  dated.date = latin1("date: Mon, 09 Nov 2026 08:07:06 GMT\r\n");
  const dates = (...operations: HeaderOperation[]): string[][] => {
    const answers = [
      read(writeFixedResponse(compileFixedResponse(fixed(200, ""), operations), dated, dest, 5, 2000)),
      read(writeRedirect(compileRedirect(redirect("/b"), operations), bytes, head, dated, dest, 5, 2000)),
    ];
    return answers.map(({ lines }) => lines.filter((line) => line.startsWith("date:")));
  };
  assert.deepEqual(dates({ kind: "set", name: "Date", value: "own" }), [["date: own"], ["date: own"]]);
  assert.deepEqual(dates({ kind: "add", name: "Date", value: "own" }), [["date: own"], ["date: own"]]);
  assert.deepEqual(dates({ kind: "remove", name: "date", value: "" }), [[], []]);
  const own = "date: Mon, 09 Nov 2026 08:07:06 GMT";
  assert.deepEqual(dates({ kind: "set", name: "x-date", value: "own" }), [[own], [own]]);
});

function redirect(location: string): Extract<ActionSpec, { kind: "redirect" }> {
  return { kind: "redirect", status: 308, location };
}

const LOCATIONS: [string, string, string][] = [
  ["https://{host}{path}{query}", "GET /a%20b?c=d HTTP/1.1", "https://h.example:80/a%20b?c=d"],
  ["https://{host}{path}{query}", "GET http://other HTTP/1.1", "https://other/"],
  ["https://{host}{path}{query}", "GET http://other?x HTTP/1.1", "https://other/?x"],
  ["https://{host}{path}", "OPTIONS * HTTP/1.1", "https://h.example:80/"],
  ["/new?from={path}", "GET /a?b HTTP/1.1", "/new?from=/a"],
  ["https://new.example", "GET /a HTTP/1.1", "https://new.example"],
  // An own path must not become another site's (open redirect).
  ["{path}{query}", "GET //evil.example/x HTTP/1.1", "/evil.example/x"],
  ["{path}", "GET ////evil.example HTTP/1.1", "/evil.example"],
  ["{path}", "GET /\\evil.example HTTP/1.1", "/%5Cevil.example"],
  ["https://{host}{path}", "GET //x HTTP/1.1", "https://h.example:80//x"],
  ["{path}{query}", 'GET /"<>^`{|}?"<> HTTP/1.1', "/%22%3C%3E%5E%60%7B%7C%7D?%22%3C%3E"],
  ["{path}", "GET /%0d%0aset-cookie:x HTTP/1.1", "/%0d%0aset-cookie:x"],
];
for (const [location, line, wanted] of LOCATIONS) {
  test(`redirect ${location} sends ${line} to ${wanted}`, () => {
    const { bytes, head } = request(line, "Host: h.example:80");
    const compiled = compileRedirect(redirect(location), [{ kind: "set", name: "x-a", value: "1" }]);
    const { lines } = read(writeRedirect(compiled, bytes, head, reply(), dest, 5, 2000));
    assert.deepEqual(lines, ["HTTP/1.1 308 Permanent Redirect", `location: ${wanted}`, "content-length: 0", "x-a: 1"]);
  });
}

test("a redirect that needs a host is not written for a request without one", () => {
  const { bytes, head } = request("GET /a HTTP/1.0");
  assert.equal(
    writeRedirect(compileRedirect(redirect("https://{host}{path}"), []), bytes, head, reply(), dest, 5, 2000),
    -1,
  );
  assert.ok(writeRedirect(compileRedirect(redirect("https://new{path}"), []), bytes, head, reply(), dest, 5, 2000) > 0);
});

test("a location that cannot be meant is refused", () => {
  for (const location of ["", "/{path}", "https://{host}/{path}", "/{port}", "/a b", "/a\r\nx: 1", "/é", "/{", '/"']) {
    assert.throws(() => compileRedirect(redirect(location), []), { code: "CONFIG_INVALID" }, location);
  }
});
