import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { type IncomingMessage, type RequestOptions, request } from "node:http";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import type { Address } from "../model/address.js";
import { createObserved, createSpec } from "../testing/observed.js";
import { createClusterSpec } from "../testing/specs.js";
import { type AdminServer, startAdmin } from "./server.js";
import type { AdminSource, Readiness } from "./source.js";

const LOOPBACK: Address = { family: "ip4", host: "127.0.0.1", port: 0 };

interface Reply {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

async function start(
  context: TestContext,
  { address = LOOPBACK, ...source }: Partial<AdminSource> & { readonly address?: Address } = {},
): Promise<{ admin: AdminServer; errors: unknown[]; get: (path: string, options?: RequestOptions) => Promise<Reply> }> {
  const errors: unknown[] = [];
  const admin = await startAdmin({
    address,
    token: undefined,
    endpoints: { change: async () => undefined, remove: async () => undefined, overlays: () => [] },
    source: {
      readiness: () => ({ ready: true, reasons: [] }),
      observed: () => createObserved(),
      explain: ({ url }) => `asked for ${url}`,
      ...source,
    },
    onError: (error) => errors.push(error),
  });
  context.after(() => admin.close());
  const bound = admin.address;
  const to = bound.family === "unix" ? { socketPath: bound.path } : { host: bound.host, port: bound.port };
  return { admin, errors, get: (path, options) => send({ ...to, path, agent: false, ...options }) };
}

function send(options: RequestOptions): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const outgoing = request(options, async (response) => {
      try {
        let body = "";
        for await (const chunk of response.setEncoding("utf8")) body += chunk;
        resolve({ status: response.statusCode!, headers: response.headers, body });
      } catch (error) {
        reject(error);
      }
    });
    outgoing.on("error", reject).end();
  });
}

describe("admin server", () => {
  it("passes a question on, and its answer or what is wrong with it back", async (context) => {
    const { get } = await start(context);
    const asked = await get("/explain?url=http%3A%2F%2Fa%2F%3Fb%3F");
    assert.deepEqual([asked.status, asked.body], [400, "asked for http://a/?b?\n"]);
    assert.equal((await get("/explain")).body, "the parameter url is missing\n");
  });

  it("is live", async (context) => {
    const { get } = await start(context);
    const { status, body } = await get("/live");
    assert.deepEqual([status, body], [200, "live\n"]);
  });

  it("is ready or not as the source says, with the reasons", async (context) => {
    let readiness: Readiness = { ready: false, reasons: ["listener front is not bound yet"] };
    const { get } = await start(context, { readiness: () => readiness });
    const before = await get("/ready");
    assert.equal(before.status, 503);
    assert.deepEqual(JSON.parse(before.body), readiness);
    readiness = { ready: true, reasons: [] };
    assert.equal((await get("/ready")).status, 200);
  });

  it("shows metrics as Prometheus text, whatever the query says", async (context) => {
    const { get } = await start(context);
    const { status, headers, body } = await get("/metrics?x=1");
    assert.equal(status, 200);
    assert.equal(headers["content-type"], "text/plain; version=0.0.4; charset=utf-8");
    assert.match(body, /^plimsoll_worker_connections_accepted_total\{worker="0",engine="io_uring"\} 0$/m);
  });

  it("sends a page of thousands of endpoints whole", async (context) => {
    const { get } = await start(context, {
      observed: () => createObserved(createSpec({ clusters: [createClusterSpec(2000)] })),
    });
    const { body } = await get("/metrics");
    assert.equal([...body.matchAll(/^plimsoll_endpoint_response_seconds_count/gm)].length, 2000);
    assert.ok(body.endsWith("\n"));
  });

  it("shows clusters with state and reason", async (context) => {
    const { get } = await start(context, {
      observed: () => createObserved(undefined, { e1: { state: "down", reason: "timed out after 2000 ms" } }),
    });
    const { clusters } = JSON.parse((await get("/clusters")).body);
    assert.equal(clusters[0].endpoints[1].state, "down");
    assert.equal(clusters[0].endpoints[1].reason, "timed out after 2000 ms");
  });

  it("shows the configuration", async (context) => {
    const { get } = await start(context);
    assert.equal(JSON.parse((await get("/config")).body).listeners[0].name, "front");
  });

  it("lists its pages, also to who asks for another", async (context) => {
    const { get } = await start(context);
    const [index, missing] = [await get("/"), await get("/nope")];
    assert.deepEqual([index.status, missing.status], [200, 404]);
    for (const path of ["/live", "/ready", "/metrics", "/clusters", "/config"]) {
      assert.ok(index.body.includes(path) && missing.body.includes(path), path);
    }
  });

  it("answers HEAD with the header alone", async (context) => {
    const { get } = await start(context);
    for (const path of ["/live", "/metrics", "/clusters"]) {
      const { status, body } = await get(path, { method: "HEAD" });
      assert.deepEqual([status, body], [200, ""], path);
    }
  });

  it("refuses other methods", async (context) => {
    const { get } = await start(context);
    for (const method of ["POST", "PUT", "DELETE", "OPTIONS"]) {
      const { status, headers } = await get("/live", { method });
      assert.deepEqual([status, headers.allow], [405, "GET, HEAD"], method);
    }
  });

  it("refuses a name in Host, so that no page in a browser can rebind its name to this port", async (context) => {
    const { get } = await start(context);
    assert.equal((await get("/config", { headers: { host: "attacker.example:9901" } })).status, 403);
    assert.equal((await get("/config", { headers: { host: "localhost:9901" } })).status, 200);
  });

  it("tells browsers to keep and run nothing", async (context) => {
    const { get } = await start(context);
    const { headers } = await get("/");
    assert.equal(headers["cache-control"], "no-store");
    assert.equal(headers["x-content-type-options"], "nosniff");
    assert.equal(headers["content-security-policy"], "default-src 'none'");
  });

  it("answers 500 and reports when a page cannot be made, and lives on", async (context) => {
    const failure = new Error("no figures");
    const { get, errors } = await start(context, {
      observed: () => {
        throw failure;
      },
    });
    const { status, body } = await get("/clusters");
    assert.deepEqual([status, body], [500, "this page could not be made\n"]);
    assert.deepEqual(errors, [failure]);
    assert.equal((await get("/live")).status, 200);
  });

  it("cuts a page that fails half-way, so that nobody takes it for whole, and reports it", async (context) => {
    const observed = createObserved(createSpec({ clusters: [createClusterSpec(2000)] }));
    let asked = 0;
    const status: typeof observed.status = (cluster, id) => {
      if (++asked > 3000) throw new Error("gone");
      return observed.status(cluster, id);
    };
    const { get, errors } = await start(context, { observed: () => ({ ...observed, status }) });
    await assert.rejects(get("/metrics"), { code: "ECONNRESET" });
    assert.equal((errors[0] as Error).message, "gone");
  });

  it("does not report a client that leaves in the middle of a page", async (context) => {
    const observed = createObserved(createSpec({ clusters: [createClusterSpec(5000)] }));
    const { admin, get, errors } = await start(context, { observed: () => observed });
    assert.ok(admin.address.family === "ip4");
    const socket = connect(admin.address.port, "127.0.0.1");
    socket.write("GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n");
    await once(socket, "data");
    socket.resetAndDestroy();
    assert.equal((await get("/live")).status, 200);
    assert.deepEqual(errors, []);
  });

  it("says which address it could not bind", async (context) => {
    const { admin } = await start(context);
    await assert.rejects(start(context, { address: admin.address }), (error: Error & { code?: string }) => {
      return error.code === "CONFIG_INVALID" && error.message.includes("admin cannot listen on 127.0.0.1:");
    });
  });

  it("closes connections that are idle when it closes", async (context) => {
    const { admin } = await start(context);
    assert.ok(admin.address.family === "ip4");
    const socket = connect(admin.address.port, "127.0.0.1");
    socket.on("error", () => {});
    await once(socket, "connect");
    const closed = once(socket, "close");
    await admin.close();
    await closed;
  });
});

describe("admin server on a unix socket", { skip: process.platform === "win32" && "there are none here" }, () => {
  async function socketPath(context: TestContext): Promise<string> {
    const folder = await mkdtemp(join(tmpdir(), "plimsoll-admin-"));
    context.after(() => rm(folder, { recursive: true }));
    return join(folder, "admin.sock");
  }

  it("answers, whatever Host says", async (context) => {
    const path = await socketPath(context);
    const { get } = await start(context, { address: { family: "unix", path } });
    assert.equal((await get("/live", { headers: { host: "anything" } })).status, 200);
  });

  it("takes over the socket of a process that was killed", async (context) => {
    const path = await socketPath(context);
    const script = `require("net").createServer().listen(${JSON.stringify(path)}, () => console.log("up"))`;
    const child = spawn(process.execPath, ["-e", script], { stdio: ["ignore", "pipe", "inherit"] });
    await once(child.stdout, "data");
    child.kill("SIGKILL");
    await once(child, "exit");
    const { get } = await start(context, { address: { family: "unix", path } });
    assert.equal((await get("/live")).status, 200);
  });

  it("does not take over a socket that is served, nor a file", async (context) => {
    const path = await socketPath(context);
    const other = createServer().listen(path);
    context.after(() => other.close());
    await once(other, "listening");
    await assert.rejects(start(context, { address: { family: "unix", path } }), { code: "CONFIG_INVALID" });
    await writeFile(`${path}.txt`, "mine");
    const file: Address = { family: "unix", path: `${path}.txt` };
    await assert.rejects(start(context, { address: file }), { code: "CONFIG_INVALID" });
  });
});
