/** The three servers behind the demo: one steady, one slow, one that fails now and then. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";

export interface DemoEndpoint {
  readonly name: string;
  readonly port: number;
  close(): void;
}

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** The failing endpoint works for a while and fails for a while. */
const WORKS_MS = 20_000;
const FAILS_MS = 8000;

const say = (response: ServerResponse, status: number, text: string): void => {
  response.writeHead(status, { "content-type": "text/plain" }).end(`${text}\n`);
};

const later = (least: number, most: number, task: () => void): void => {
  setTimeout(task, least + Math.random() * (most - least));
};

const steady: Answer = (_request, response) => later(1, 8, () => say(response, 200, "hello from the steady endpoint"));

const slow: Answer = (_request, response) => later(120, 400, () => say(response, 200, "hello from the slow endpoint"));

/** Health checks see the failure too, so that it is taken out and comes back. */
function createFlaky(now: () => number): Answer {
  const start = now();
  return (request, response) => {
    if ((now() - start) % (WORKS_MS + FAILS_MS) < WORKS_MS) {
      later(2, 15, () => say(response, 200, "hello from the flaky endpoint"));
    } else if (request.url === "/healthz") say(response, 503, "not now");
    else request.socket.destroy();
  };
}

async function listen(name: string, answer: Answer): Promise<DemoEndpoint> {
  const server: Server = createServer(answer);
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const close = (): void => {
    server.close();
    server.closeAllConnections();
  };
  return { name, port, close };
}

/** Each on a free port of 127.0.0.1. */
export function startEndpoints(): Promise<DemoEndpoint[]> {
  return Promise.all([
    listen("steady", steady),
    listen("slow", slow),
    listen(
      "flaky",
      createFlaky(() => performance.now()),
    ),
  ]);
}
