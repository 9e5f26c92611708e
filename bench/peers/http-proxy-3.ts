/** Node's usual answer: http-proxy (in its maintained form) with keep-alive to the endpoints. A program, not a module. */
import { Agent, createServer } from "node:http";
import httpProxy from "http-proxy-3";

const [port, endpoints] = process.argv.slice(2);
const targets = endpoints.split(",").map((endpoint) => `http://127.0.0.1:${endpoint}`);
const proxy = httpProxy.createProxyServer({ agent: new Agent({ keepAlive: true, maxSockets: 1024 }), xfwd: true });
proxy.on("error", (_error, _request, response) => response.destroy());
let next = 0;
const server = createServer((request, response) => {
  proxy.web(request, response, { target: targets[next++ % targets.length] });
});
server.keepAliveTimeout = 300_000;
server.listen(Number(port), "127.0.0.1", 16_384);
