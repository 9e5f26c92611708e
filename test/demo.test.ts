/** The demo as a user sees it, on ports of the system's choice. */
import assert from "node:assert/strict";
import { createServer } from "node:net";
import { test } from "node:test";
import { freePorts } from "../bench/child.js";
import { demo } from "../src/cli/demo/demo.js";
import { ConfigError } from "../src/config/problem.js";
import { startSupervisor } from "../src/proxy/supervisor.js";

async function choosePorts() {
  const [http, tcp, admin] = await freePorts(3);
  return { http, tcp, admin };
}

test("the demo balances its own traffic, says so in lines, and ends in order", async () => {
  let written = "";
  let end = (): void => {};
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  const write = (text: string): void => {
    written += text;
    // Only figures that were counted by the proxy itself, of all three endpoints, end the demo.
    if (/requests=[1-9]\d* .*steady=up\/[1-9].*slow=up\/[1-9].*flaky=up\/[1-9]/.test(text)) end();
  };
  await demo({ ports: await choosePorts(), start: startSupervisor, write, isTerminal: false, ended });
  assert.match(written, /rate=\d+\.\d\/s p50 <=\d+ms/);
  assert.ok(written.endsWith("The demo has ended.\n"));
});

test("a taken port is named, with what to do, and nothing is started", async () => {
  const ports = await choosePorts();
  const squatter = createServer();
  await new Promise<void>((resolve) => squatter.listen(ports.tcp, "127.0.0.1", resolve));
  const start = (): never => assert.fail("nothing may be started");
  const ended = Promise.resolve();
  await assert.rejects(demo({ ports, start, write: () => {}, isTerminal: false, ended }), (error: unknown) => {
    assert.ok(error instanceof ConfigError);
    assert.match(error.problems[0].message, new RegExp(`^127\\.0\\.0\\.1:${ports.tcp} cannot be used`));
    assert.match(error.problems[0].hint ?? "", /--listen/);
    return true;
  });
  squatter.close();
});
