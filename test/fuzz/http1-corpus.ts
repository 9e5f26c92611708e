/** Where the fuzz test begins: messages of every valid form, and the pieces that attacks are made of. */
import type { Random } from "../../src/base/random.js";

const HOST = "Host: a.example\r\n";

const SEEDS: readonly string[] = [
  `GET / HTTP/1.1\r\n${HOST}\r\n`,
  `GET /a/b?c=d HTTP/1.1\r\n${HOST}Accept: */*\r\nUser-Agent: x\r\nConnection: keep-alive\r\n\r\n`,
  `POST /x HTTP/1.1\r\n${HOST}Content-Length: 5\r\n\r\nhello`,
  `POST /x HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n`,
  `POST /x HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n5;a="b;\\"c"\r\nhello\r\n003\r\nabc\r\n0\r\nX: y\r\nHost: b\r\n\r\n`,
  `GET http://b.example/x HTTP/1.1\r\n${HOST}\r\n`,
  `OPTIONS * HTTP/1.1\r\n${HOST}Max-Forwards: 3\r\n\r\n`,
  `GET /ws HTTP/1.1\r\n${HOST}Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: x\r\n\r\n`,
  `POST /x HTTP/1.1\r\n${HOST}Expect: 100-continue\r\nContent-Length: 3\r\n\r\nabc`,
  "POST /x HTTP/1.0\r\nConnection: keep-alive\r\nContent-Length: 3\r\n\r\nabc",
  "GET / HTTP/1.0\r\n\r\n",
  `DELETE /x HTTP/1.1\r\n${HOST}Content-Length: 25\r\n\r\nGET /evil HTTP/1.1\r\nX: y\n`,
  `POST /x HTTP/1.1\r\n${HOST}Connection: close, x-foo\r\nX-Foo: 1\r\nX_Forwarded_For: 1\r\nContent_Length: 7\r\nContent-Length: 2\r\n\r\nok`,
  `PUT /x HTTP/1.1\r\n${HOST}Content-Length: 43\r\n\r\n0\r\n\r\nGET /evil HTTP/1.1\r\nHost: evil\r\nX: y\r\n\r\n`,
  `POST /x HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n24\r\nGET /evil HTTP/1.1\r\nHost: evil\r\n\r\nxy\r\n0\r\n\r\n`,
];

const RESPONSES: readonly string[] = [
  "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nServer: x\r\n\r\nhello",
  "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
  "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n05;a=b\r\nhello\r\n0\r\nX: y\r\nContent-Length: 9\r\n\r\n",
  "HTTP/1.1 204 No Content\r\nContent-Length: 36\r\n\r\n",
  "HTTP/1.1 204 No Content\r\n\r\n",
  "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n",
  "HTTP/1.1 100 Continue\r\n\r\n",
  "HTTP/1.1 103 Early Hints\r\nLink: x\r\nTransfer-Encoding: chunked\r\n\r\n",
  "HTTP/1.1 200 \r\nSet-Cookie: a\r\nSet-Cookie: b\r\nConnection: close, x\r\nX: y\r\nContent-Length: 0\r\n\r\n",
  "HTTP/1.0 200 OK\r\n\r\nuntil the end",
  "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent_Length: 7\r\nContent-Length: 2\r\n\r\nok",
  "HTTP/1.1 500\r\nContent-Length: 40\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nno",
];

const PIECES: readonly string[] = [
  "\r\n",
  "\n",
  "\r",
  "\0",
  "\t",
  " ",
  "\x0b",
  "\x0c",
  "\x7f",
  "\x85",
  "\xa0",
  "\xff",
  ":",
  ";",
  ",",
  '"',
  "\\",
  "0",
  "00",
  "0x",
  "+",
  "-",
  "_",
  "5",
  "ffffffffffffffff",
  "18446744073709551621",
  "\r\n\r\n",
  "\r\n\r\n0\r\n\r\n",
  "0\r\n\r\n",
  "\r\n ",
  "\r\n\t",
  "\r\r\n",
  "\n\r\n",
  "GET /evil HTTP/1.1\r\nHost: evil\r\n\r\n",
  "Content-Length: 5\r\n",
  "Content-Length: 0\r\n",
  "Content-Length: 36\r\n",
  "content-length:1\r\n",
  "Content-Length : 5\r\n",
  "Content-Length: +5\r\n",
  "Content-Length: 5, 6\r\n",
  "Content_Length: 5\r\n",
  "Transfer-Encoding: chunked\r\n",
  "Transfer-Encoding: identity\r\n",
  "Transfer-Encoding: chunked, identity\r\n",
  "Transfer-Encoding:\x0bchunked\r\n",
  "Transfer-Encoding: CHUNKED\r\n",
  "Transfer_Encoding: chunked\r\n",
  "Transfer-Encoding\r\n : chunked\r\n",
  "X: y\r\n Content-Length: 5\r\n",
  "Connection: transfer-encoding\r\n",
  "Connection: content-length, close\r\n",
  "Connection: close\r\n",
  "Connection: upgrade\r\nUpgrade: h2c\r\n",
  "Upgrade: websocket\r\n",
  "Trailer: Content-Length\r\n",
  "Host: evil\r\n",
  "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil",
  "HTTP/1.1 204 x\r\n",
  "HTTP/1.1 100 x\r\n",
  "Expect: 100-continue\r\n",
  " HTTP/1.1",
  " HTTP/1.0",
  "HTTP/1.1\r\n",
  "5;ext\r\n",
  '5;a="\r\n',
  "5\nhello\r\n",
  ": x\r\n",
  "x\r\n",
];

function pick<T>(random: Random, from: readonly T[]): T {
  return from[random.below(from.length)];
}

/** What a client sends: one to three requests, then a few changes of the kinds that attacks consist of. */
export function mutated(random: Random): string {
  return mutate(random, SEEDS);
}

/** What an endpoint sends, in the same way. */
export function mutatedResponses(random: Random): string {
  return mutate(random, RESPONSES);
}

function mutate(random: Random, seeds: readonly string[]): string {
  let text = Array.from({ length: 1 + random.below(3) }, () => pick(random, seeds)).join("");
  for (let changes = random.below(5); changes > 0; changes--) {
    const at = random.below(text.length + 1);
    const to = Math.min(text.length, at + 1 + random.below(random.below(4) === 0 ? 40 : 3));
    switch (random.below(7)) {
      case 0:
        text = text.slice(0, at) + text.slice(to);
        break;
      case 1:
        text = text.slice(0, to) + text.slice(at, to) + text.slice(to);
        break;
      case 2:
        text = text.slice(0, at) + String.fromCharCode(random.below(256)) + text.slice(at + 1);
        break;
      case 3:
        text = text.slice(0, at) + pick(random, PIECES) + text.slice(random.below(2) === 0 ? at : to);
        break;
      default: {
        // After a line end, where pieces do the most harm.
        const line = text.indexOf("\r\n", at);
        const place = line < 0 ? at : line + 2;
        text = text.slice(0, place) + pick(random, PIECES) + text.slice(place);
      }
    }
  }
  return text;
}
