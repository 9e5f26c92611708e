/** Hash keys: requests with the same key go to the same endpoint, in every worker. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { status } from "./support/message.js";
import { useStage } from "./support/stage.js";
import { answering } from "./support/witness.js";

describe("hash keys", () => {
  const stage = useStage("epoll", {
    endpoints: 4,
    listener: "routes: [{ cluster: c }]",
    cluster: "balance: { policy: ring-hash, hashOn: [{ header: X-User }, { cookie: sid }] }\npool: { idle: 1h }",
  });

  /** The endpoint that answers, each time on a new connection. */
  async function endpoint(fields: string): Promise<string> {
    const client = await stage.ask(`GET / HTTP/1.1\r\nHost: a\r\n${fields}\r\n`);
    const response = await client.response();
    assert.equal(status(response), 200);
    client.destroy();
    return response.body;
  }

  test("equal keys stay together, different ones spread, and without a key chance decides", async () => {
    stage.witnesses.forEach((witness, index) => {
      witness.script = answering(`HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n${index}`);
    });
    const used = new Set<string>();
    for (let user = 0; user < 12; user++) {
      const first = await endpoint(`X-User: u${user}\r\n`);
      used.add(first);
      for (let i = 0; i < 3; i++) assert.equal(await endpoint(`x-user: u${user}\r\nCookie: sid=${i}\r\n`), first);
    }
    assert.ok(used.size > 1, "twelve users are not all at one endpoint");
    const byCookie = await endpoint("Cookie: a=b; sid=77\r\n");
    for (let i = 0; i < 3; i++) assert.equal(await endpoint("Cookie: sid=77\r\n"), byCookie);
    const byChance = new Set<string>();
    for (let i = 0; i < 40; i++) byChance.add(await endpoint(""));
    assert.ok(byChance.size > 1, "forty requests without a key are not all at one endpoint");
  });
});
