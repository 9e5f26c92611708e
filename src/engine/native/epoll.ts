/** The system calls of the epoll engine: its loop, and moving bytes. Conventions as in `libc.ts`. */
import koffi from "koffi";

// The C library that node itself runs on, whichever it is.
const libc = koffi.load(null);

type Call4 = (a: number, b: number, c: number, d: number) => number;

export const epollCreate = libc.func("int epoll_create1(int flags)") as (flags: number) => number;
export const epollControl = libc.func("int epoll_ctl(int epoll, int op, int fd, uintptr_t event)") as Call4;
export const epollWait = libc.func("int epoll_wait(int epoll, uintptr_t events, int max, int timeout)") as Call4;
export const accept = libc.func("int accept4(int fd, uintptr_t addr, uintptr_t length, int flags)") as Call4;
export const send = libc.func("long send(int fd, uintptr_t buffer, size_t length, int flags)") as Call4;
export const sendMessage = libc.func("long sendmsg(int fd, uintptr_t message, int flags)") as (
  fd: number,
  message: number,
  flags: number,
) => number;

export const EPOLL_CTL_ADD = 1;
export const EPOLL_CTL_DEL = 2;
export const EPOLLIN = 1;
export const EPOLLOUT = 4;
export const EPOLLERR = 8;
export const EPOLLHUP = 0x10;
export const EPOLLRDHUP = 0x2000;
export const EPOLLET = 1 << 31;
export const EPOLL_CLOEXEC = 0x80000;

/** `struct epoll_event` in integers: packed on x86, aligned elsewhere. */
export const EVENT_INTS = process.arch === "x64" || process.arch === "ia32" ? 3 : 4;
/** Where the 64 bits of user data begin. */
export const EVENT_DATA = EVENT_INTS - 2;
