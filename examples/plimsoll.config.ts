// A configuration as a program: the compiler checks that every cluster a route names exists.
// Needs Node.js 22.18 or later; run it with `plimsoll run plimsoll.config.ts`.
import { defineConfig } from "plimsoll";

const ports = [3000, 3001, 3002];

export default defineConfig({
  listeners: [
    {
      address: ":8080",
      routes: [{ match: { path: "/api/*" }, cluster: "api" }, { cluster: "web" }],
    },
  ],
  clusters: {
    api: { endpoints: ["10.0.0.1:9000"], balance: "least-request", health: { http: "/healthz" } },
    web: { endpoints: ports.map((port) => `127.0.0.1:${port}`) },
  },
});
