/** Socket operations that both native engines share. They run once per connection or listener, not per message. */
import { statSync, unlinkSync } from "node:fs";
import { LbError } from "../../base/errors.js";
import { type Address, formatAddress } from "../../model/address.js";
import { rememberOpen } from "./descriptors.js";
import * as libc from "./libc.js";
import { AF_INET6, AF_UNIX, decodeSockaddr, encodeSockaddr, familyOf, SOCKADDR_BYTES } from "./sockaddr.js";

const SOL_SOCKET = 1;
const SO_REUSEADDR = 2;
const SO_ERROR = 4;
const SO_KEEPALIVE = 9;
const SO_LINGER = 13;
const SO_REUSEPORT = 15;
const IPPROTO_TCP = 6;
const TCP_NODELAY = 1;
const IPPROTO_IPV6 = 41;
const IPV6_V6ONLY = 26;
const SOCK_STREAM = 1;
const MSG_PEEK = 2;
const MSG_DONTWAIT = 0x40;
export const SOCK_NONBLOCK = 0x800;
export const SOCK_CLOEXEC = 0x80000;

// One page of scratch for arguments: option values and socket addresses. Calls are synchronous, so one per thread does.
const scratch = libc.mapMemory(4096);
const scratchView = new DataView(scratch.bytes.buffer, scratch.bytes.byteOffset, 4096);
const ADDRESS = scratch.base + 64;

function setOption(fd: number, level: number, name: number, value: number): number {
  scratchView.setInt32(0, value, true);
  return libc.setsockopt(fd, level, name, scratch.base, 4);
}

/** A stream socket for `address`, or -1 (errno tells). TCP sockets have TCP_NODELAY and keep-alive set. */
export function openSocket(address: Address, flags: number): number {
  const family = familyOf(address);
  const fd = libc.socket(family, SOCK_STREAM | SOCK_CLOEXEC | flags, 0);
  rememberOpen(fd);
  if (fd >= 0 && family !== AF_UNIX) {
    setOption(fd, IPPROTO_TCP, TCP_NODELAY, 1);
    setOption(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
  }
  return fd;
}

export interface Bound {
  readonly fd: number;
  readonly address: Address;
}

/**
 * Binds and listens. Accepted sockets inherit TCP_NODELAY and keep-alive from the listener on Linux, which saves two
 * system calls per connection. A unix socket file that nobody listens on any more is replaced.
 */
export function bindSocket(address: Address, backlog: number, reusePort: boolean, flags: number): Bound {
  const fd = openSocket(address, flags);
  if (fd < 0) throw cannotBind(address);
  if (address.family === "unix") removeStaleSocket(address.path);
  else {
    setOption(fd, SOL_SOCKET, SO_REUSEADDR, 1);
    if (reusePort) setOption(fd, SOL_SOCKET, SO_REUSEPORT, 1);
    if (familyOf(address) === AF_INET6) setOption(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1);
  }
  const length = encodeSockaddr(address, scratch.bytes, 64);
  if (libc.bind(fd, ADDRESS, length) < 0 || libc.listen(fd, backlog) < 0) {
    const error = cannotBind(address);
    libc.close(fd);
    throw error;
  }
  return { fd, address: address.family === "unix" ? address : (localAddress(fd) ?? address) };
}

const BIND_REASONS: Readonly<Record<number, string>> = {
  13: "permission denied (ports below 1024 need CAP_NET_BIND_SERVICE)",
  24: "no file descriptor left",
  98: "the address is in use",
  99: "this machine does not have that address",
};

function cannotBind(address: Address): LbError {
  const code = libc.errno();
  return new LbError(
    "CONFIG_INVALID",
    `cannot listen on ${formatAddress(address)}: ${BIND_REASONS[code] ?? `errno ${code}`}`,
  );
}

/** A socket file outlives its process. It is removed unless somebody accepts on it: then bind fails as it should. */
function removeStaleSocket(path: string): void {
  if (statSync(path, { throwIfNoEntry: false })?.isSocket() !== true) return;
  const address: Address = { family: "unix", path };
  const fd = openSocket(address, SOCK_NONBLOCK);
  const length = encodeSockaddr(address, scratch.bytes, 64);
  const refused = libc.connect(fd, ADDRESS, length) < 0 && libc.errno() === libc.Errno.ECONNREFUSED;
  libc.close(fd);
  if (refused) unlinkSync(path);
}

export function peerAddress(fd: number): Address | undefined {
  return addressBy(libc.getpeername, fd);
}

export function localAddress(fd: number): Address | undefined {
  return addressBy(libc.getsockname, fd);
}

function addressBy(call: typeof libc.getpeername, fd: number): Address | undefined {
  scratchView.setUint32(0, SOCKADDR_BYTES, true);
  return call(fd, ADDRESS, scratch.base) < 0 ? undefined : decodeSockaddr(scratch.bytes, 64);
}

/** Starts connecting a non-blocking socket: 0 or an errno value, EINPROGRESS as a rule. */
export function connectSocket(fd: number, address: Address): number {
  const length = encodeSockaddr(address, scratch.bytes, 64);
  return libc.connect(fd, ADDRESS, length) < 0 ? libc.errno() : 0;
}

/** The next close(2) sends RST instead of FIN. */
export function lingerReset(fd: number): void {
  scratchView.setInt32(0, 1, true);
  scratchView.setInt32(4, 0, true);
  libc.setsockopt(fd, SOL_SOCKET, SO_LINGER, scratch.base, 8);
}

/** Takes the pending error of a socket: 0 or an errno value. */
export function socketError(fd: number): number {
  scratchView.setInt32(0, 0, true);
  scratchView.setUint32(4, 4, true);
  libc.getsockopt(fd, SOL_SOCKET, SO_ERROR, scratch.base, scratch.base + 4);
  return scratchView.getInt32(0, true);
}

/** True if the kernel holds bytes that were not received yet. */
export function hasUnread(fd: number): boolean {
  return libc.receive(fd, scratch.base, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
}

/** A non-blocking eventfd: 8 bytes written by any thread make it readable. */
export function openEvent(): number {
  const fd = libc.eventfd(0, SOCK_NONBLOCK | SOCK_CLOEXEC);
  rememberOpen(fd);
  return fd;
}

/** Makes an eventfd unreadable again. */
export function clearEvent(fd: number): void {
  libc.read(fd, scratch.base, 8);
}
