/** Request targets and Host: each rejected or normalised form as a row, with its kin. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Method } from "./head.js";
import { chars, get, line, readRequest, rejects } from "./parsed.test.support.js";

const BAD = "BAD_REQUEST";

describe("the target", () => {
  it("R13 R14 R16 holds no blank, control character, number sign or byte above ASCII", () => {
    const bad = [" ", "#", "#x", ...chars([0x00, 0x1f], [0x7f, 0xff])];
    rejects(
      BAD,
      bad.flatMap((text) => ["/", "/a", "/?a", "/?"].map((path) => line(`GET ${path}${text} HTTP/1.1`))),
    );
    rejects(
      BAD,
      bad.map((text) => line(`GET /${text}/x HTTP/1.1`)),
    );
    rejects(
      BAD,
      bad.map((text) => line(`GET http://a${text}/x HTTP/1.1`)),
    );
  });

  it("keeps everything else byte by byte", () => {
    for (const char of chars([0x21, 0x7e])) {
      if (char === "#" || char === "?") continue;
      const seen = readRequest(line(`GET /${char}x?${char}y HTTP/1.1`));
      assert.equal(seen.path, `/${char}x`);
      assert.equal(seen.query, `?${char}y`);
    }
    for (const path of ["/%zz", "/a%2fb", "/../x", "/./", "//evil/x", "///", "/%00", "/a;b=c", "/:80", "/http://x/"]) {
      assert.equal(readRequest(line(`GET ${path} HTTP/1.1`)).path, path);
    }
  });

  it("splits path and query at the first question mark", () => {
    for (const [target, path, query] of [
      ["/", "/", ""],
      ["/?", "/", "?"],
      ["/??", "/", "??"],
      ["/a?b?c", "/a", "?b?c"],
      ["/a?/b", "/a", "?/b"],
    ]) {
      const seen = readRequest(line(`GET ${target} HTTP/1.1`));
      assert.deepEqual([seen.path, seen.query, seen.pathImplied], [path, query, false]);
    }
  });

  it("R17 has a form that the method allows", () => {
    const rows = [
      "GET admin",
      "GET h:80",
      "GET *",
      "OPTIONS */x",
      "OPTIONS **",
      "OPTIONS *?x",
      "GET *",
      "POST *",
      "HEAD *",
      "options *",
    ];
    const more = [
      "GET a/b",
      "GET ?x",
      "GET ?",
      "GET .",
      "GET /a",
      "GET a:80/",
      "GET :80",
      "GET @",
      "OPTIONS a",
      "PUT h:80",
    ];
    rejects(
      BAD,
      [...rows, ...more.filter((text) => text !== "GET /a")].map((text) => line(`${text} HTTP/1.1`)),
    );
    const seen = readRequest(line("OPTIONS * HTTP/1.1"));
    assert.deepEqual([seen.result, seen.path, seen.query, seen.host], ["ok", "*", "", "a"]);
  });

  it("R18 in absolute form overrides Host", () => {
    for (const [target, host, path, query, implied] of [
      ["http://b/", "b", "/", "", false],
      ["http://b/x?y", "b", "/x", "?y", false],
      ["http://b:8080/x", "b:8080", "/x", "", false],
      ["http://b", "b", "", "", true],
      ["http://b?y", "b", "", "?y", true],
      ["http://b?y/z", "b", "", "?y/z", true],
      ["http://b:/", "b:", "/", "", false],
      ["http://[::1]:80/", "[::1]:80", "/", "", false],
      ["HTTP://B.example/%2f", "B.example", "/%2f", "", false],
      ["hTtPs://b//x", "b", "//x", "", false],
      ["https://b/http://c/", "b", "/http://c/", "", false],
    ] as const) {
      const seen = readRequest(line(`GET ${target} HTTP/1.1`));
      assert.deepEqual(
        [seen.result, seen.host, seen.path, seen.query, seen.pathImplied],
        ["ok", host, path, query, implied],
        target,
      );
    }
    assert.equal(readRequest("GET http://b/ HTTP/1.0\r\n\r\n").host, "b", "also in HTTP/1.0 without Host");
    rejects(BAD, ["GET http://b/ HTTP/1.1\r\n\r\n"]);
    rejects(BAD, ["GET http://b/ HTTP/1.1\r\nHost: a@b\r\n\r\n"]);
  });

  it("R20 in absolute form has scheme http or https and a valid authority", () => {
    const rows = [
      "ftp://h/",
      "file:///etc/x",
      "http:/x",
      "http:x",
      "http://",
      "http:///x",
      "http://?x",
      "ws://h/",
      "httpss://h/",
    ];
    const more = [
      "http//h/",
      "://h/",
      "//h",
      "http:://h/",
      "http:\\\\h\\",
      "http://u@h/",
      "http://u:p@h/",
      "http://h:x/",
      "http://h:80:80/",
    ];
    const hosts = [
      "http://h:65536/",
      "http://h,g/",
      "http://[::1/",
      "http://::1/",
      "http://h\\x/",
      "http://%/",
      "http://<h>/",
      "httq://h/",
    ];
    rejects(
      BAD,
      [...rows, ...more.filter((text) => text !== "//h"), ...hosts, "javascript:alert", "https", "http", "h"].map(
        (text) => line(`GET ${text} HTTP/1.1`),
      ),
    );
  });

  it("R21 of CONNECT is a host with a port", () => {
    rejects(
      BAD,
      [
        "h",
        "h:",
        "h:80/",
        "h:80/x",
        "h/x:80",
        "/",
        "*",
        "http://h:80/",
        "h:80?x",
        ":80",
        "u@h:80",
        "h:99999",
        "[::1]",
        "h:8o",
      ].map((text) => line(`CONNECT ${text} HTTP/1.1`)),
    );
    for (const authority of ["h:443", "[::1]:443", "10.0.0.1:1"]) {
      const seen = readRequest(line(`CONNECT ${authority} HTTP/1.1`));
      assert.deepEqual(
        [seen.result, seen.host, seen.path, seen.methodId],
        ["ok", authority, authority, Method.CONNECT],
      );
    }
  });

  it("R24 that begins with two slashes is a path", () => {
    const seen = readRequest(line("GET //evil/x HTTP/1.1"));
    assert.deepEqual([seen.path, seen.host], ["//evil/x", "a"]);
  });
});

describe("Host", () => {
  const withHost = (value: string): string => `GET / HTTP/1.1\r\nHost: ${value}\r\n\r\n`;

  it("F01 is required in HTTP/1.1 and optional in 1.0", () => {
    rejects(BAD, ["GET / HTTP/1.1\r\n\r\n", "GET / HTTP/1.1\r\nX-Host: a\r\n\r\n", "GET / HTTP/1.1\r\nHos: a\r\n\r\n"]);
    assert.equal(readRequest("GET / HTTP/1.0\r\n\r\n").host, "");
  });

  it("F02 occurs once", () => {
    rejects(BAD, [get("Host: a"), get("host: b"), get("X: y", "HOST:a"), get("Host:")]);
    rejects(BAD, ["GET / HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n"]);
  });

  it("is a host with an optional port and nothing else", () => {
    rejects(
      BAD,
      [
        "",
        " ",
        "u@a",
        "a,b",
        "a, b",
        "a b",
        "a\tb",
        "a/",
        "a/b",
        "a?b",
        "a#b",
        "a\\b",
        "http://a",
        "a:b",
        "a:80:80",
        ":80",
        ":",
      ].map(withHost),
    );
    rejects(
      BAD,
      [
        "a:65536",
        "a:000080",
        "a:999999",
        "a:+80",
        "a:-1",
        "a: 80",
        "a :80",
        "a:8 0",
        "a:0x50",
        "a%",
        "a%4",
        "a%zz",
        "a:80/",
      ].map(withHost),
    );
    rejects(
      BAD,
      [
        "[",
        "[]",
        "]",
        "[::1",
        "::1",
        "[::1]x",
        "[::1]80",
        "[:::1]",
        "[1::2::3]",
        "[1:2:3:4:5:6:7]",
        "[1:2:3:4:5:6:7:8:9]",
      ].map(withHost),
    );
    rejects(
      BAD,
      [
        "[12345::]",
        "[g::]",
        "[:1]",
        "[1:]",
        "[::1.2.3]",
        "[::1.2.3.256]",
        "[::01.2.3.4]",
        "[1.2.3.4]",
        "[::1.2.3.4:1]",
        "[fe80::1%25eth0]",
      ].map(withHost),
    );
    rejects(
      BAD,
      [
        "[1:2:3:4:5:6:7::8]",
        "[::1.2.3.4.5]",
        "[v1.x]",
        "[::1]]",
        "[[::1]]",
        "[:]",
        "[::1]:x",
        "[1:2:3:4:5:6:7:1.2.3.4]",
      ].map(withHost),
    );
    rejects(
      BAD,
      chars([0x80, 0xff]).map((char) => withHost(`a${char}`)),
    );
    rejects(
      BAD,
      [...'"<>@[]^`{|}'].map((char) => withHost(`a${char}b`)),
    );
  });

  it("may be any registered name, IPv4 or IPv6 address, with or without port", () => {
    const names = [
      "a",
      "A.Example",
      "a_b",
      "a-b.c.",
      "1.2.3.4",
      "localhost:8080",
      "a:0",
      "a:00080",
      "a:",
      "a:65535",
      "%41",
      "a%2eb",
      "!$&'()*+;=~",
    ];
    const addresses = [
      "[::]",
      "[::1]",
      "[1::]",
      "[1:2:3:4:5:6:7:8]",
      "[::2:3:4:5:6:7:8]",
      "[1:2:3:4:5:6:7::]",
      "[::ffff:1.2.3.4]",
      "[1:2:3:4:5:6:1.2.3.4]",
      "[FE80::a]:65535",
      "[::1]:",
    ];
    for (const host of [...names, ...addresses]) {
      const seen = readRequest(withHost(host));
      assert.deepEqual([seen.result, seen.host], ["ok", host], `${host}: ${seen.reason}`);
    }
    assert.equal(readRequest("GET / HTTP/1.1\r\nhOsT:\t a \t\r\n\r\n").host, "a", "blanks around it are none of it");
  });
});
