/** Traffic splitting: the share of each cluster, and the request that names its cluster itself. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { status } from "./support/message.js";
import { useStage } from "./support/stage.js";
import { answering } from "./support/witness.js";

const get = (path: string, fields = ""): string => `GET ${path} HTTP/1.1\r\nHost: a\r\n${fields}\r\n`;
const reply = (body: string): string => `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`;

describe("traffic splitting", () => {
  const stage = useStage("epoll", {
    endpoints: 3,
    listener: `
routes:
  - match: { path: /listed }
    split: [{ cluster: c, weight: 3 }, { cluster: canary, weight: 1 }]
  - split:
      clusters: [{ cluster: c, weight: 9 }, { cluster: canary, weight: 1 }, { cluster: lab, weight: 0 }]
      override: { header: X-Variant }`,
    cluster: "endpoints: [127.0.0.1:{p0}]",
    more: "canary: { endpoints: [127.0.0.1:{p1}] }\nlab: { endpoints: [127.0.0.1:{p2}] }",
  });

  async function shares(count: number, path: string, fields = ""): Promise<number[]> {
    stage.witnesses.forEach((witness, index) => {
      witness.script = answering(reply(`w${index}`));
    });
    const counts = [0, 0, 0];
    const client = await stage.connect();
    for (let i = 0; i < count; i++) {
      client.send(get(path, fields));
      counts[Number((await client.response()).body.slice(1))]++;
    }
    return counts;
  }

  test("over whole periods the shares are those of the weights", async () => {
    assert.deepEqual(await shares(40, "/listed"), [30, 10, 0]);
    assert.deepEqual(await shares(50, "/"), [45, 5, 0], "weight 0 gets nothing");
  });

  test("a request may name its cluster, also one without weight; any other name is ignored", async () => {
    assert.deepEqual(await shares(10, "/", "X-Variant: lab\r\n"), [0, 0, 10]);
    assert.deepEqual(await shares(10, "/", "x-variant: canary\r\n"), [0, 10, 0]);
    assert.deepEqual(await shares(10, "/", "X-Variant: nowhere\r\n"), [9, 1, 0]);
    assert.deepEqual(await shares(8, "/listed", "X-Variant: canary\r\n"), [6, 2, 0], "this route has no override");
  });

  test("log and metrics tell the cluster that was chosen", async () => {
    const before = await stage.metric("plimsoll_cluster_requests_total", 'cluster="lab"');
    const client = await stage.ask(get("/told", "X-Variant: lab\r\n"));
    assert.equal(status(await client.response()), 200);
    const line = await stage.logged(({ target }) => target === "/told");
    assert.equal(line.cluster, "lab");
    assert.equal(await stage.metric("plimsoll_cluster_requests_total", 'cluster="lab"'), before + 1);
  });
});
