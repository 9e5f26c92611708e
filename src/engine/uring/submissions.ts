/**
 * How each operation of the engine is written as a submission entry, and how its completion names what it belongs to.
 * Only operations that the kernel carries out at once, or waits for by polling, are here. One that it hands to a helper
 * thread (IORING_OP_SHUTDOWN always) would look its descriptor up later, when the number may be another connection's.
 */
import { rememberClosing } from "../native/descriptors.js";
import { BUFFER_SELECT, Op, type Ring } from "../native/io-uring.js";
import { GROUP } from "./buffer-stock.js";

/** The low word of user_data: kind in the upper 8 bits, slot in the lower 24. */
export const Kind = { IGNORE: 0, ACCEPT: 1, RECEIVE: 2, SEND: 3, CONNECT: 4, WAKE: 5, HANGUP: 6 } as const;
export const SLOT_MASK = 0xff_ffff;

/** Do not try at once, wait for readiness: right after a connect there is nothing to receive. */
export const RECEIVE_POLL_FIRST = 1 << 16;

const ACCEPT_MULTISHOT = 1 << 16;
const RECEIVE_MULTISHOT = 2 << 16;
const POLL_MULTI = 1;
const POLLIN = 1;
/** POLLERR: the connection is broken. */
export const POLL_ERROR = 8;
/** POLLHUP: broken, or both sides have ended. */
export const POLL_HANGUP = 0x10;
const MSG_NOSIGNAL = 0x4000;
const MSG_WAITALL = 0x100;
const SOCK_CLOEXEC = 0x80000;

export function submitAccept(ring: Ring, fd: number, slot: number): void {
  const at = ring.sqe(Op.ACCEPT, fd, 0, 0, SOCK_CLOEXEC, (Kind.ACCEPT << 24) | slot, 0);
  ring.sqes[at] = Op.ACCEPT | ACCEPT_MULTISHOT;
}

/** Multishot, into buffers of the stock. @param flags 0 or RECEIVE_POLL_FIRST */
export function submitReceive(ring: Ring, fd: number, slot: number, flags: number): void {
  const at = ring.sqe(Op.RECV, fd, 0, 0, 0, (Kind.RECEIVE << 24) | slot, 0);
  ring.sqes[at] = Op.RECV | (BUFFER_SELECT << 8) | RECEIVE_MULTISHOT | flags;
  ring.sqes[at + 10] = GROUP;
}

/**
 * Named by what its completion will say: the kernel finds it by a hash. By descriptor it would look through all that is
 * under way on the ring, which with thousands of connections is most of the time.
 */
export function submitCancel(ring: Ring, kind: number, slot: number): void {
  ring.prompt++;
  ring.sqe(Op.ASYNC_CANCEL, -1, (kind << 24) | slot, 0, 0, Kind.IGNORE, 0);
}

export function submitSend(ring: Ring, fd: number, slot: number, address: number, length: number): void {
  ring.prompt++;
  ring.sqe(Op.SEND, fd, address, length, MSG_NOSIGNAL | MSG_WAITALL, (Kind.SEND << 24) | slot, 0);
}

/** @param message address of a msghdr, read when the entry is submitted */
export function submitSendMessage(ring: Ring, fd: number, slot: number, message: number): void {
  ring.prompt++;
  ring.sqe(Op.SENDMSG, fd, message, 1, MSG_NOSIGNAL | MSG_WAITALL, (Kind.SEND << 24) | slot, 0);
}

/** The socket address at `address` is read when the entry is submitted. */
export function submitConnect(ring: Ring, fd: number, slot: number, address: number, length: number): void {
  const at = ring.sqe(Op.CONNECT, fd, address, 0, 0, (Kind.CONNECT << 24) | slot, 0);
  ring.sqes[at + 2] = length;
}

/** What is under way on the descriptor holds the socket open: it has to be cancelled first. */
export function submitClose(ring: Ring, fd: number): void {
  ring.prompt++;
  rememberClosing(fd);
  ring.sqe(Op.CLOSE, fd, 0, 0, 0, Kind.IGNORE, 0);
}

/** Errors and hang-ups are always polled for, also the peer's FIN: multishot, so that a reset after it is seen too. */
export function submitHangup(ring: Ring, fd: number, slot: number): void {
  ring.sqe(Op.POLL_ADD, fd, 0, POLL_MULTI, 0, (Kind.HANGUP << 24) | slot, 0);
}

export function submitWake(ring: Ring, fd: number): void {
  ring.sqe(Op.POLL_ADD, fd, 0, POLL_MULTI, POLLIN, Kind.WAKE << 24, 0);
}
