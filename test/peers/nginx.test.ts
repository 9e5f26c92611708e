import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { freePorts, NGINX_USER } from "../../bench/child.js";
import { ENGINES, startProxy } from "../e2e/ops-support/proxy.js";
import { type Echo, sha256, startOrigin } from "./origin.js";
import { makeFolder, missing, startServer } from "./program.js";

const skip = missing("nginx");

function configuration(folder: string, http: string): string {
  const paths = ["client_body", "proxy", "fastcgi", "scgi", "uwsgi"];
  return `
daemon off;
${NGINX_USER}
worker_processes 1;
error_log stderr crit;
pid ${folder}/nginx.pid;
events { worker_connections 256; }
http {
  access_log off;
${paths.map((path) => `  ${path}_temp_path ${folder}/${path};`).join("\n")}
${http}
}
`;
}

for (const engine of ENGINES) {
  describe(`nginx around ${engine}`, { skip }, () => {
    test("as endpoint: static and chunked bodies come whole over kept connections", async (t) => {
      const folder = makeFolder(t);
      const [port] = await freePorts(1);
      const content = randomBytes(1 << 20);
      mkdirSync(join(folder, "www"));
      writeFileSync(join(folder, "www", "file"), content);
      // With server-side includes nginx does not know the length beforehand.
      writeFileSync(join(folder, "www", "page"), `${"x".repeat(100_000)}<!--#echo var="request_method" -->`);
      const http = `server { listen 127.0.0.1:${port}; root ${folder}/www; location /page { ssi on; ssi_types *; } }`;
      const args = ["-p", folder, "-c", "FILE"];
      await startServer(t, { command: "nginx", args, configuration: configuration(folder, http), folder, port });
      const proxy = await startProxy(
        t,
        engine,
        `
listeners: [{ name: front, address: "127.0.0.1:0", cluster: back }]
clusters: { back: { endpoints: ["127.0.0.1:${port}"] } }
`,
      );
      const url = `http://127.0.0.1:${proxy.port()}`;
      for (let i = 0; i < 5; i++) {
        const file = await fetch(`${url}/file`);
        assert.equal(sha256(Buffer.from(await file.arrayBuffer())), sha256(content));
        const page = await fetch(`${url}/page`);
        assert.equal(page.headers.get("transfer-encoding"), "chunked");
        assert.equal(await page.text(), `${"x".repeat(100_000)}GET`);
      }
      assert.equal((await fetch(`${url}/none`)).status, 404);
      assert.equal(await proxy.metric("plimsoll_cluster_connects_total"), 1);
    });

    test("in front: bodies come whole, and the chain of X-Forwarded-For grows where nginx is trusted", async (t) => {
      const folder = makeFolder(t);
      const [port] = await freePorts(1);
      const origin = await startOrigin(t);
      const proxy = await startProxy(
        t,
        engine,
        `
listeners:
  - { name: trusting, address: "127.0.0.1:0", cluster: back, trustedProxies: [127.0.0.0/8] }
  - { name: front, address: "127.0.0.1:0", cluster: back }
clusters: { back: { endpoints: ["127.0.0.1:${origin.port}"] } }
`,
      );
      const http = `
  upstream trusting { server 127.0.0.1:${proxy.port("trusting")}; keepalive 8; }
  upstream front { server 127.0.0.1:${proxy.port()}; keepalive 8; }
  server {
    listen 127.0.0.1:${port};
    client_max_body_size 10m;
    proxy_http_version 1.1;
    proxy_set_header Connection "";
    proxy_set_header Host $http_host;
    proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
    location /distrusting/ { proxy_pass http://front/; }
    location / { proxy_pass http://trusting; proxy_request_buffering off; }
  }`;
      const args = ["-p", folder, "-c", "FILE"];
      await startServer(t, { command: "nginx", args, configuration: configuration(folder, http), folder, port });
      const url = `http://127.0.0.1:${port}`;
      const body = randomBytes(700_000);
      const headers = { "x-forwarded-for": "203.0.113.9" };
      const ask = async (path: string) =>
        (await (await fetch(`${url}${path}`, { method: "POST", headers, body })).json()) as Echo;
      const trusted = await ask("/echo");
      assert.equal(trusted.sha256, sha256(body));
      assert.equal(trusted.headers["x-forwarded-for"], "203.0.113.9, 127.0.0.1, 127.0.0.1");
      assert.equal(trusted.headers.host, `127.0.0.1:${port}`);
      const distrusted = await ask("/distrusting/echo");
      assert.equal(distrusted.sha256, sha256(body));
      assert.equal(distrusted.headers["x-forwarded-for"], "127.0.0.1");
      for (const kind of ["bytes", "chunked"]) {
        const response = await fetch(`${url}/${kind}/1048576`);
        assert.equal(sha256(Buffer.from(await response.arrayBuffer())), sha256(origin.content));
      }
    });
  });
}
