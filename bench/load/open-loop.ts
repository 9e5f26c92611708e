/**
 * `node open-loop.js PORT RATE SECONDS SEED`: sends GET /small at RATE per second on a Poisson schedule fixed in advance,
 * and prints latencies counted from the moment a request was due, whether or not a connection was free then (so there is
 * no coordinated omission: Tene, "How NOT to Measure Latency"). It talks to the kernel itself, because an event loop's
 * millisecond timers would hide what is measured.
 */
import koffi from "koffi";
import { createRandom } from "../../src/base/random.js";
import { BODIES } from "../backend.js";

const [port, rate, seconds, seed] = process.argv.slice(2).map(Number);

const CONNECTIONS = 64;
const WARM_UP_SECONDS = 1;
/** After the last arrival, answers may take this long; what is missing then is an error. */
const PATIENCE_MS = 5000;
/** A wait shorter than this costs more than it saves. */
const LEAST_WAIT_NS = 5000;

const libc = koffi.load("libc.so.6");
const socket = libc.func("int socket(int domain, int type, int protocol)");
const connect = libc.func("int connect(int fd, void *address, uint32_t length)");
const setsockopt = libc.func("int setsockopt(int fd, int level, int name, void *value, uint32_t length)");
const send = libc.func("long send(int fd, void *data, size_t length, int flags)");
const recv = libc.func("long recv(int fd, void *data, size_t length, int flags)");
const epollCreate = libc.func("int epoll_create1(int flags)");
const epollControl = libc.func("int epoll_ctl(int epoll, int operation, int fd, void *event)");
const epollWait = libc.func("int epoll_pwait2(int epoll, void *events, int max, void *timeout, void *mask)");
const prctl = libc.func("int prctl(int option, unsigned long a, unsigned long b, unsigned long c, unsigned long d)");

const PR_SET_TIMERSLACK = 29;
const MSG_NOSIGNAL = 0x4000;
const MSG_DONTWAIT = 0x40;
const EAGAIN = 11;
const EPOLL_EVENT_BYTES = 12;

// The default slack of 50 µs would be a visible part of the latencies.
prctl(PR_SET_TIMERSLACK, 1, 0, 0, 0);

const request = Buffer.from("GET /small HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
const HEAD_END = Buffer.from("\r\n\r\n");
const received = Buffer.alloc(65_536);

interface Connection {
  readonly fd: number;
  /** Index into the schedule of the request that is under way. */
  current: number;
  /** What has come of its answer. */
  partial: Buffer;
}

function open(epoll: number, index: number): Connection {
  const fd = socket(2, 1, 0);
  const address = Buffer.alloc(16);
  address.writeUInt16LE(2, 0);
  address.writeUInt16BE(port, 2);
  address.set([127, 0, 0, 1], 4);
  if (connect(fd, address, 16) !== 0) throw new Error(`connect 127.0.0.1:${port} failed: errno ${koffi.errno()}`);
  setsockopt(fd, 6, 1, Buffer.from([1, 0, 0, 0]), 4);
  const event = Buffer.alloc(EPOLL_EVENT_BYTES);
  event.writeUInt32LE(1, 0);
  event.writeUInt32LE(index, 4);
  epollControl(epoll, 1, fd, event);
  return { fd, current: -1, partial: Buffer.alloc(0) };
}

/** When each request is due, in milliseconds from the start. */
function makeSchedule(): Float64Array {
  const random = createRandom(seed);
  const due = new Float64Array(Math.ceil(rate * (WARM_UP_SECONDS + seconds)));
  let at = 0;
  for (let i = 0; i < due.length; i++) {
    at += (-Math.log((random.next() + 1) / 0x1_0000_0001) / rate) * 1000;
    due[i] = at;
  }
  return due;
}

const epoll = epollCreate(0);
const connections = Array.from({ length: CONNECTIONS }, (_, index) => open(epoll, index));
const free = connections.map((_, index) => index);
const due = makeSchedule();
const latencies = new Float64Array(due.length).fill(-1);
const events = Buffer.alloc(EPOLL_EVENT_BYTES * CONNECTIONS);
const timeout = Buffer.alloc(16);
const start = performance.now();
let arrived = 0;
let sent = 0;
let answered = 0;
let errors = 0;

function sendNext(connection: Connection): void {
  connection.current = sent++;
  connection.partial = connection.partial.subarray(0, 0);
  if (send(connection.fd, request, request.length, MSG_NOSIGNAL) !== request.length) throw new Error("send failed");
}

function receive(index: number): void {
  const connection = connections[index];
  const length = Number(recv(connection.fd, received, received.length, MSG_DONTWAIT));
  if (length < 0 && koffi.errno() === EAGAIN) return;
  if (length <= 0) throw new Error("the proxy closed a connection");
  const piece = received.subarray(0, length);
  // Nearly always the whole answer is here at once; only a split one is copied.
  const answer = connection.partial.length === 0 ? piece : Buffer.concat([connection.partial, piece]);
  const head = answer.indexOf(HEAD_END);
  if (head < 0 || answer.length < head + HEAD_END.length + BODIES["/small"]) {
    connection.partial = Buffer.from(answer);
    return;
  }
  if (answer.toString("latin1", 9, 12) !== "200") errors++;
  latencies[connection.current] = performance.now() - start - due[connection.current];
  answered++;
  if (sent < arrived) sendNext(connection);
  else free.push(index);
}

const giveUp = due[due.length - 1] + PATIENCE_MS;
for (;;) {
  const now = performance.now() - start;
  while (arrived < due.length && due[arrived] <= now) arrived++;
  while (sent < arrived && free.length > 0) sendNext(connections[free.pop()!]);
  if (answered === due.length || now > giveUp) break;
  const wait = arrived < due.length ? (due[arrived] - now) * 1e6 : 1e8;
  timeout.writeBigInt64LE(BigInt(wait < LEAST_WAIT_NS ? 0 : Math.floor(wait) % 1_000_000_000), 8);
  const count = epollWait(epoll, events, CONNECTIONS, timeout, null);
  for (let i = 0; i < count; i++) receive(events.readUInt32LE(i * EPOLL_EVENT_BYTES + 4));
}

const counted = latencies.filter((latency, i) => latency >= 0 && due[i] >= WARM_UP_SECONDS * 1000).sort();
const quantile = (share: number): number =>
  counted[Math.min(counted.length - 1, Math.floor(counted.length * share))] * 1000;
const figures = { p50Micros: quantile(0.5), p99Micros: quantile(0.99), p999Micros: quantile(0.999) };
process.stdout.write(`${JSON.stringify({ sent, ...figures, errors: errors + due.length - answered })}\n`);
