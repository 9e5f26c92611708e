/**
 * What stands behind every proxy: one nginx worker on two ports (two endpoints) that answers fixed bodies as cheaply as
 * it can, so that the proxy in front is the part that is measured.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Child, freePorts, NGINX_USER, startChild, untilAccepting } from "./child.js";

/** Path -> body bytes. */
export const BODIES = { "/small": 70, "/10k": 10_240, "/1m": 1_048_576 } as const;
export type BodyPath = keyof typeof BODIES | "/post";

export interface Backend {
  readonly ports: readonly number[];
  readonly child: Child;
}

function configuration(folder: string, ports: readonly number[]): string {
  return `
load_module /usr/lib/nginx/modules/ngx_http_echo_module.so;
daemon off;
${NGINX_USER}
worker_processes 1;
error_log stderr crit;
pid ${folder}/backend.pid;
events { worker_connections 32768; }
http {
  access_log off;
  default_type text/plain;
  sendfile on;
  tcp_nopush on;
  tcp_nodelay on;
  keepalive_requests 1000000000;
  keepalive_timeout 1h;
  client_body_temp_path ${folder}/body;
  client_body_buffer_size 64k;
  open_file_cache max=16 inactive=1h;
  open_file_cache_valid 1h;
  server {
${ports.map((port) => `    listen 127.0.0.1:${port} backlog=16384;`).join("\n")}
    root ${folder}/www;
    location = /small { return 200 "${"x".repeat(BODIES["/small"])}"; }
    # Reads the whole body before it answers, as an application does; "return" alone would answer after the header.
    location = /post { echo_read_request_body; echo_exec /small; }
  }
}
`;
}

export async function startBackend(folder: string): Promise<Backend> {
  const ports = await freePorts(2);
  mkdirSync(join(folder, "www"));
  for (const path of ["/10k", "/1m"] as const) {
    writeFileSync(join(folder, "www", path), Buffer.alloc(BODIES[path], "abcdefghijklmnopqrstuvwxyz012345"));
  }
  const file = join(folder, "backend.conf");
  writeFileSync(file, configuration(folder, ports));
  const child = startChild("backend", "nginx", ["-p", folder, "-c", file]);
  await untilAccepting(child, ports[1]);
  return { ports, child };
}
