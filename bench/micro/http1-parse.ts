/** What reading heads and chunked bodies costs: nanoseconds per message, best of several rounds. */

import { ChunkedDecoder } from "../../src/wire/http1/chunked-decoder.js";
import { Method, RequestHead, ResponseHead } from "../../src/wire/http1/head.js";
import { DEFAULT_HTTP_LIMITS } from "../../src/wire/http1/limits.js";
import { parseRequestHead } from "../../src/wire/http1/request-parser.js";
import { parseResponseHead } from "../../src/wire/http1/response-parser.js";

const WRK = "GET / HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n\r\n";
const NGINX = [
  "HTTP/1.1 200 OK",
  "Server: nginx/1.22.1",
  "Date: Sat, 01 Aug 2026 12:00:00 GMT",
  "Content-Type: text/plain",
  "Content-Length: 70",
  "Connection: keep-alive",
  "",
  "",
].join("\r\n");
const BROWSER = [
  "GET /assets/app.3f9c1a.js?v=12 HTTP/1.1",
  "Host: www.example.com",
  "Connection: keep-alive",
  'sec-ch-ua: "Chromium";v="126", "Not.A/Brand";v="8"',
  "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36",
  "Accept: */*",
  "Sec-Fetch-Site: same-origin",
  "Sec-Fetch-Mode: no-cors",
  "Referer: https://www.example.com/",
  "Accept-Encoding: gzip, deflate, br, zstd",
  "Accept-Language: en-GB,en;q=0.9",
  "",
  "",
].join("\r\n");
const CHUNKED = `2710\r\n${"x".repeat(10_000)}\r\n0\r\n\r\n`;

const ROUNDS = 7;
const TIMES = 500_000;

/** Prints one line per message. */
export function benchHttp1Parse(): void {
  const limits = DEFAULT_HTTP_LIMITS;
  const request = new RequestHead(limits.maxHeaderCount);
  const response = new ResponseHead(limits.maxHeaderCount);
  const decoder = new ChunkedDecoder();
  const cases: readonly (readonly [string, string, (bytes: Uint8Array) => number])[] = [
    ["wrk request", WRK, (bytes) => parseRequestHead(bytes, 0, bytes.length, limits, request)],
    ["nginx response", NGINX, (bytes) => parseResponseHead(bytes, 0, bytes.length, limits, Method.GET, response)],
    ["browser request", BROWSER, (bytes) => parseRequestHead(bytes, 0, bytes.length, limits, request)],
    [
      "chunked body",
      CHUNKED,
      (bytes) => {
        decoder.reset(limits);
        return decoder.decode(bytes, 0, bytes.length);
      },
    ],
  ];
  const best = cases.map(() => Number.POSITIVE_INFINITY);
  const inputs = cases.map(([, text]) => new Uint8Array(Buffer.from(text, "latin1")));
  for (let round = 0; round < ROUNDS; round++) {
    cases.forEach(([name, text, parse], index) => {
      const input = inputs[index];
      const started = performance.now();
      for (let i = 0; i < TIMES; i++) if (parse(input) !== text.length) throw new Error(`${name}: not parsed`);
      best[index] = Math.min(best[index], ((performance.now() - started) / TIMES) * 1e6);
    });
  }
  cases.forEach(([name, text], index) => {
    console.log(`${name.padEnd(16)} ${String(text.length).padStart(6)} bytes ${best[index].toFixed(0).padStart(6)} ns`);
  });
}

benchHttp1Parse();
