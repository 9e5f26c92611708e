/** The fastest of Node's usual proxies: Fastify with reply-from on undici. A program, not a module. */
import replyFrom from "@fastify/reply-from";
import fastify from "fastify";

const [port, endpoints] = process.argv.slice(2);
const targets = endpoints.split(",").map((endpoint) => `http://127.0.0.1:${endpoint}`);
const app = fastify({ keepAliveTimeout: 300_000 });
app.removeAllContentTypeParsers();
app.addContentTypeParser("*", (_request, payload, done) => done(null, payload));
await app.register(replyFrom, { undici: { connections: 64, pipelining: 1 } });
let next = 0;
app.all("/*", (request, reply) => reply.from(targets[next++ % targets.length] + request.raw.url));
await app.listen({ port: Number(port), host: "127.0.0.1", backlog: 16_384 });
