/** Before anything is measured: a proxy that answers quickly but wrongly must not win. */
import { request } from "node:http";
import { BODIES, type BodyPath } from "./backend.js";

function exchange(port: number, method: string, path: string, body: readonly string[]): Promise<[number, number]> {
  return new Promise((resolve, reject) => {
    const outgoing = request({ host: "127.0.0.1", port, method, path, agent: false, timeout: 5000 }, (response) => {
      let bytes = 0;
      response.on("data", (chunk: Buffer) => {
        bytes += chunk.length;
      });
      response.on("end", () => resolve([response.statusCode ?? 0, bytes]));
      response.on("error", reject);
    });
    outgoing.on("timeout", () => outgoing.destroy(new Error(`${method} ${path}: no answer within 5 s`)));
    outgoing.on("error", reject);
    for (const piece of body) outgoing.write(piece);
    outgoing.end();
  });
}

/** Throws unless every body comes through with its status and length, also the answer to a chunked upload. */
export async function verify(port: number): Promise<void> {
  const upload = ["x".repeat(4096), "x".repeat(4096), "x".repeat(2048)];
  const cases: [string, BodyPath, readonly string[], number][] = [
    ["GET", "/small", [], BODIES["/small"]],
    ["GET", "/10k", [], BODIES["/10k"]],
    ["GET", "/1m", [], BODIES["/1m"]],
    ["POST", "/post", upload, BODIES["/small"]],
  ];
  for (const [method, path, body, expected] of cases) {
    const [status, bytes] = await exchange(port, method, path, body);
    if (status !== 200 || bytes !== expected) {
      throw new Error(`${method} ${path}: status ${status} with ${bytes} bytes instead of 200 with ${expected}`);
    }
  }
}
