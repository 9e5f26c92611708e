/** nginx: one worker process, upstream keep-alive, X-Forwarded-For, no log. TCP needs its stream module installed. */
import { existsSync } from "node:fs";
import { NGINX_USER } from "../child.js";
import { type Order, type Peer, type Protocol, programPeer } from "./peer.js";

const STREAM_MODULE = "/usr/lib/nginx/modules/ngx_stream_module.so";
const protocols: readonly Protocol[] = existsSync(STREAM_MODULE) ? ["http", "tcp"] : ["http"];

function http(endpoints: readonly number[], balance: string, port: number, folder: string): string {
  return `
http {
  access_log off;
  keepalive_requests 1000000000;
  keepalive_timeout 300s;
  client_body_temp_path ${folder}/nginx-body;
  proxy_temp_path ${folder}/nginx-proxy;
  fastcgi_temp_path ${folder}/nginx-fastcgi;
  scgi_temp_path ${folder}/nginx-scgi;
  uwsgi_temp_path ${folder}/nginx-uwsgi;
  upstream back {
${balance === "" ? "" : `    ${balance};`}
${endpoints.map((endpoint) => `    server 127.0.0.1:${endpoint};`).join("\n")}
    keepalive 64;
    keepalive_requests 1000000000;
  }
  server {
    listen 127.0.0.1:${port} backlog=16384;
    location / {
      proxy_pass http://back;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $host;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
      # Streaming in both directions, as the other proxies do.
      proxy_request_buffering off;
      proxy_max_temp_file_size 0;
    }
  }
}`;
}

function stream(endpoints: readonly number[], port: number): string {
  return `
stream {
  upstream back {
${endpoints.map((endpoint) => `    server 127.0.0.1:${endpoint};`).join("\n")}
  }
  server {
    listen 127.0.0.1:${port} backlog=16384;
    proxy_pass back;
  }
}`;
}

function configuration({ protocol, endpoints, folder }: Order, balance: string, port: number): string {
  return `
${protocol === "tcp" ? `load_module ${STREAM_MODULE};` : ""}
daemon off;
${NGINX_USER}
worker_processes 1;
error_log stderr crit;
pid ${folder}/nginx-${port}.pid;
events { worker_connections 32768; }
${protocol === "http" ? http(endpoints, balance, port, folder) : stream(endpoints, port)}
`;
}

/** @param balance nginx's name of a policy; empty = its default, round robin */
export function nginxWith(name: string, balance: string): Peer {
  return programPeer(name, protocols, (order, port) => ({
    text: configuration(order, balance, port),
    extension: "conf",
    command: "nginx",
    args: ["-p", order.folder, "-c", "FILE"],
  }));
}

export const nginx = nginxWith("nginx", "");
