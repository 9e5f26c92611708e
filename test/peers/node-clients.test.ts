import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { Agent, type IncomingMessage, type RequestOptions, request } from "node:http";
import { describe, type TestContext, test } from "node:test";
import { ENGINES, startProxy } from "../e2e/ops-support/proxy.js";
import { type Echo, sha256, startOrigin } from "./origin.js";

interface Answer {
  readonly message: IncomingMessage;
  readonly body: Buffer;
}

async function ask(options: RequestOptions, pieces: readonly Buffer[] = [], trailers = {}): Promise<Answer> {
  const outgoing = request({ host: "127.0.0.1", ...options });
  for (const piece of pieces) if (!outgoing.write(piece)) await once(outgoing, "drain");
  if (pieces.length > 0) outgoing.addTrailers(trailers);
  outgoing.end();
  const [message] = (await once(outgoing, "response")) as [IncomingMessage];
  const body: Buffer[] = [];
  for await (const chunk of message) body.push(chunk as Buffer);
  return { message, body: Buffer.concat(body) };
}

for (const engine of ENGINES) {
  const start = async (t: TestContext) => {
    const origin = await startOrigin(t);
    const proxy = await startProxy(
      t,
      engine,
      `
listeners: [{ name: front, address: "127.0.0.1:0", cluster: back }]
clusters: { back: { endpoints: ["127.0.0.1:${origin.port}"] } }
`,
    );
    return { origin, port: proxy.port() };
  };

  describe(`node:http and fetch as clients of ${engine}`, () => {
    test("an agent sends a hundred requests over two connections", async (t) => {
      const { origin, port } = await start(t);
      const agent = new Agent({ keepAlive: true, maxSockets: 2 });
      t.after(() => agent.destroy());
      const sizes = Array.from({ length: 100 }, (_, i) => i * 997);
      const answers = await Promise.all(sizes.map((size) => ask({ port, agent, path: `/bytes/${size}` })));
      answers.forEach(({ body }, i) => {
        assert.deepEqual(body, origin.content.subarray(0, sizes[i]));
      });
      assert.ok(origin.connections() <= 2, `${origin.connections()} connections`);
    });

    test("chunked bodies go both ways with their trailers", async (t) => {
      const { origin, port } = await start(t);
      const pieces = Array.from({ length: 30 }, (_, i) => randomBytes(1 + i * 1000));
      const headers = { trailer: "x-mark", "transfer-encoding": "chunked" };
      const sent = await ask({ port, method: "POST", path: "/echo", headers }, pieces, { "x-mark": "end" });
      const echo = JSON.parse(sent.body.toString()) as Echo;
      assert.deepEqual([echo.sha256, echo.trailers["x-mark"]], [sha256(Buffer.concat(pieces)), "end"]);
      const { message, body } = await ask({ port, path: "/chunked/1000000" });
      assert.equal(message.trailers["x-sum"], sha256(body));
      assert.equal(sha256(body), sha256(origin.content.subarray(0, 1_000_000)));
    });

    test("fetch streams up and down, and gives up in the middle without harm", async (t) => {
      const { origin, port } = await start(t);
      const url = `http://127.0.0.1:${port}`;
      const content = randomBytes(300_000);
      const body = new ReadableStream({
        start(controller) {
          for (let at = 0; at < content.length; at += 10_000) controller.enqueue(content.subarray(at, at + 10_000));
          controller.close();
        },
      });
      const options = { method: "POST", body, duplex: "half" } as RequestInit;
      const echo = (await (await fetch(`${url}/echo`, options)).json()) as Echo;
      assert.equal(echo.sha256, sha256(content));
      for (let i = 0; i < 10; i++) {
        const given = await fetch(`${url}/chunked/1048576`);
        const reader = given.body!.getReader();
        await reader.read();
        await reader.cancel();
      }
      const whole = await fetch(`${url}/chunked/1048576`);
      assert.equal(sha256(Buffer.from(await whole.arrayBuffer())), sha256(origin.content));
    });
  });
}
