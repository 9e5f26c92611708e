import { probeContract } from "../../testing/probe-contract.js";
import { createProbe } from "./probe.js";

const hex = (text: string): string => Buffer.from(text).toString("hex");
const http = {
  kind: "http",
  path: "/",
  method: "GET",
  host: "",
  headers: [],
  statuses: [[200, 299]],
  body: "",
} as const;
const ANSWER = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nready";

for (const one of [
  { name: "connecting", check: { kind: "tcp", send: "", expect: "" }, answer: undefined },
  { name: "a greeting", check: { kind: "tcp", send: "", expect: hex("220 ") }, answer: "220 ready\r\n" },
  { name: "bytes", check: { kind: "tcp", send: hex("PING\r\n"), expect: hex("+PONG") }, answer: "+PONG\r\n" },
  { name: "a status", check: http, answer: ANSWER },
  { name: "a body", check: { ...http, body: "ready" }, answer: ANSWER },
  { name: "an agent's line", check: { kind: "agent" }, answer: "up 75%\n" },
] as const) {
  probeContract(createProbe, one);
}
