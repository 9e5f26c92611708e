/**
 * The C library through koffi: every foreign signature of the sockets side is here, because a wrong one kills the
 * process. Addresses travel as numbers (`uintptr_t`), never as Buffers: memory that the kernel keeps using must not move.
 * All calls return -1 on failure; `errno()` tells why.
 */
import koffi from "koffi";
import { rememberClosing } from "./descriptors.js";

// The C library that node itself runs on, whichever it is.
const libc = koffi.load(null);

export const socket = libc.func("int socket(int domain, int type, int protocol)") as Call3;
export const bind = libc.func("int bind(int fd, uintptr_t addr, uint32_t length)") as Call3;
export const listen = libc.func("int listen(int fd, int backlog)") as Call2;
export const setsockopt = libc.func(
  "int setsockopt(int fd, int level, int name, uintptr_t value, uint32_t length)",
) as Call5;
export const getsockopt = libc.func(
  "int getsockopt(int fd, int level, int name, uintptr_t value, uintptr_t length)",
) as Call5;
export const getsockname = libc.func("int getsockname(int fd, uintptr_t addr, uintptr_t length)") as Call3;
export const getpeername = libc.func("int getpeername(int fd, uintptr_t addr, uintptr_t length)") as Call3;
export const shutdown = libc.func("int shutdown(int fd, int how)") as Call2;
const closeDescriptor = libc.func("int close(int fd)") as (fd: number) => number;
const fcntl = libc.func("int fcntl(int fd, int command, int argument)") as Call3;
export const receive = libc.func("long recv(int fd, uintptr_t buffer, size_t length, int flags)") as Call4;
export const eventfd = libc.func("int eventfd(uint32_t initial, int flags)") as Call2;
export const read = libc.func("long read(int fd, uintptr_t buffer, size_t count)") as Call3;
/** connect(2); blocking sockets are never connected this way. */
export const connect = libc.func("int connect(int fd, uintptr_t addr, uint32_t length)") as Call3;
const mmap = libc.func("void *mmap(void *addr, size_t length, int prot, int flags, int fd, int64_t offset)");
const munmap = libc.func("int munmap(void *addr, size_t length)");

type Call2 = (a: number, b: number) => number;
type Call3 = (a: number, b: number, c: number) => number;
type Call4 = (a: number, b: number, c: number, d: number) => number;
type Call5 = (a: number, b: number, c: number, d: number, e: number) => number;

/** The calling thread's errno after a call that returned -1. */
export function errno(): number {
  return koffi.errno();
}

export function close(fd: number): number {
  rememberClosing(fd);
  return closeDescriptor(fd);
}

/** Another descriptor of the same open file, for a thread that closes it at its own time. */
export function duplicate(fd: number): number {
  return fcntl(fd, F_DUPFD_CLOEXEC, 0);
}

const F_DUPFD_CLOEXEC = 1030;

/** errno values, the same on every Linux architecture that Node runs on. */
export const Errno = {
  ENOENT: 2,
  EINTR: 4,
  EAGAIN: 11,
  ENOMEM: 12,
  EINVAL: 22,
  ENFILE: 23,
  EMFILE: 24,
  EPIPE: 32,
  EADDRINUSE: 98,
  ECONNABORTED: 103,
  ECONNRESET: 104,
  ENOBUFS: 105,
  ETIMEDOUT: 110,
  ECONNREFUSED: 111,
  EINPROGRESS: 115,
  ECANCELED: 125,
} as const;

/** Native memory that JavaScript sees as bytes and the kernel sees as an address. Pages become resident when touched. */
export interface Mapping {
  readonly bytes: Uint8Array;
  readonly base: number;
  /** Unmaps: nothing may touch `bytes` afterwards, in JavaScript or in the kernel. */
  free(): void;
}

const PROT_READ_WRITE = 3;
const MAP_SHARED = 1;
const MAP_PRIVATE = 2;
const MAP_ANONYMOUS = 0x20;
const MAP_NORESERVE = 0x4000;
const MAP_POPULATE = 0x8000;

/** Anonymous memory. Throws when the address space or the memory limit does not allow it. */
export function mapMemory(length: number): Mapping {
  return map(length, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
}

/** Memory that the kernel shares through a descriptor, such as the rings of io_uring. */
export function mapShared(length: number, fd: number, offset: number): Mapping {
  return map(length, MAP_SHARED | MAP_POPULATE, fd, offset);
}

function map(length: number, flags: number, fd: number, offset: number): Mapping {
  const pointer = mmap(null, length, PROT_READ_WRITE, flags, fd, offset);
  const base = Number(koffi.address(pointer));
  // MAP_FAILED is (void *)-1.
  if (base > Number.MAX_SAFE_INTEGER) throw new Error(`mmap of ${length} bytes failed: errno ${errno()}`);
  const bytes = new Uint8Array(koffi.view(pointer, length));
  return { bytes, base, free: () => void munmap(pointer, length) };
}

/** An address as a koffi `syscall(2)` argument list of the given C types; used for calls that libc does not wrap. */
export function syscall(signature: string): (...args: number[]) => number {
  return libc.func(`long syscall(long number, ${signature})`) as (...args: number[]) => number;
}
