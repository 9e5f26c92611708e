/**
 * One io_uring: submission and completion queues as typed arrays, and one ring of provided buffers.
 *
 * IORING_SETUP_SINGLE_ISSUER | DEFER_TASKRUN (Linux 6.1): completions are posted only inside our own
 * io_uring_enter, so plain loads and stores on the shared rings are enough and each turn costs one system call.
 * Layouts: include/uapi/linux/io_uring.h.
 */
import { LbError } from "../../base/errors.js";
import { rememberOpen } from "./descriptors.js";
import * as libc from "./libc.js";

const SYS_SETUP = 425;
const SYS_ENTER = 426;
const SYS_REGISTER = 427;

const SETUP_CQSIZE = 1 << 3;
const SETUP_CLAMP = 1 << 4;
const SETUP_SUBMIT_ALL = 1 << 7;
const SETUP_SINGLE_ISSUER = 1 << 12;
const SETUP_DEFER_TASKRUN = 1 << 13;
/** The kernel can wait a while for several completions, then for one (Linux 6.12). */
const FEATURE_MIN_TIMEOUT = 1 << 15;
const FOREVER_MS = 3_600_000;
const ENTER_GETEVENTS = 1;
const ENTER_EXT_ARG = 1 << 3;
const REGISTER_PBUF_RING = 22;

/** Opcodes in use. */
export const Op = {
  POLL_ADD: 6,
  SENDMSG: 9,
  ACCEPT: 13,
  ASYNC_CANCEL: 14,
  CONNECT: 16,
  CLOSE: 19,
  SEND: 26,
  RECV: 27,
} as const;

/** SQE flags (second byte of the SQE). */
export const BUFFER_SELECT = 1 << 5;
/** CQE flags. */
export const CQE_BUFFER = 1;
export const CQE_MORE = 2;

const setup = libc.syscall("uint32_t entries, uintptr_t params");
const enter = libc.syscall("int fd, uint32_t submit, uint32_t min, uint32_t flags, uintptr_t arg, size_t size");
const register = libc.syscall("int fd, uint32_t opcode, uintptr_t arg, uint32_t count");

export class Ring {
  /** The submission entries as 16 integers each; `sqe()` returns the index of the first. */
  readonly sqes: Int32Array;
  /** Both rings' memory: completion `i` is the four integers from `cqes + ((i & cqMask) << 2)`. */
  readonly words: Int32Array;
  readonly cqes: number;
  readonly cqMask: number;
  readonly cqHead: number;
  readonly cqTail: number;
  /** Entries since the last `enter` whose completions come at once as a rule: whoever adds one counts it. */
  prompt = 0;
  /** `enter` can wait for several completions. */
  readonly canCoalesce: boolean;
  readonly #fd: number;
  readonly #sqHeadIndex: number;
  readonly #sqTailIndex: number;
  readonly #sqMask: number;
  readonly #sqEntries: number;
  readonly #mappings: libc.Mapping[] = [];
  readonly #arg: DataView;
  readonly #argBase: number;
  #sqTail: number;
  #pending = 0;
  #bufferWords: Int32Array = new Int32Array(0);
  #bufferHalves: Uint16Array = new Uint16Array(0);
  #bufferMask = 0;
  #bufferTail = 0;

  /** Throws LbError INTERNAL with the kernel's reason when io_uring is not to be had here. */
  constructor(entries: number, completions: number) {
    const page = libc.mapMemory(4096);
    this.#mappings.push(page);
    const params = new DataView(page.bytes.buffer, page.bytes.byteOffset, 120);
    params.setUint32(4, completions, true);
    const flags = SETUP_CQSIZE | SETUP_CLAMP | SETUP_SUBMIT_ALL | SETUP_SINGLE_ISSUER | SETUP_DEFER_TASKRUN;
    params.setUint32(8, flags, true);
    this.#fd = setup(SYS_SETUP, entries, page.base);
    rememberOpen(this.#fd);
    if (this.#fd < 0) throw refused("io_uring_setup");
    this.#sqEntries = params.getUint32(0, true);
    const cqEntries = params.getUint32(4, true);
    this.canCoalesce = (params.getUint32(20, true) & FEATURE_MIN_TIMEOUT) !== 0;
    const sqOffset = (i: number) => params.getUint32(40 + 4 * i, true);
    const cqOffset = (i: number) => params.getUint32(80 + 4 * i, true);
    const size = Math.max(sqOffset(6) + this.#sqEntries * 4, cqOffset(5) + cqEntries * 16);
    const rings = libc.mapShared(size, this.#fd, 0);
    const entriesMap = libc.mapShared(this.#sqEntries * 64, this.#fd, 0x1000_0000);
    this.#mappings.push(rings, entriesMap);
    this.words = new Int32Array(rings.bytes.buffer, 0, size >> 2);
    this.sqes = new Int32Array(entriesMap.bytes.buffer, 0, this.#sqEntries * 16);
    this.#sqHeadIndex = sqOffset(0) >> 2;
    this.#sqTailIndex = sqOffset(1) >> 2;
    this.#sqMask = this.words[sqOffset(2) >> 2];
    for (let i = 0; i < this.#sqEntries; i++) this.words[(sqOffset(6) >> 2) + i] = i;
    this.cqHead = cqOffset(0) >> 2;
    this.cqTail = cqOffset(1) >> 2;
    this.cqMask = this.words[cqOffset(2) >> 2];
    this.cqes = cqOffset(5) >> 2;
    this.#sqTail = this.words[this.#sqTailIndex];
    // struct io_uring_getevents_arg { sigmask u64, sigmask_sz u32, min_wait_usec u32, ts u64 } and the timespec behind it.
    this.#argBase = page.base + 1024;
    this.#arg = new DataView(page.bytes.buffer, page.bytes.byteOffset + 1024, 64);
    this.#arg.setBigUint64(16, BigInt(this.#argBase + 32), true);
  }

  /**
   * Starts a submission entry: fills the common fields, zeroes the rest, returns the index of its first integer in
   * `sqes` so that the caller may set more. Submits first when the queue is full.
   */
  sqe(
    op: number,
    fd: number,
    address: number,
    length: number,
    opFlags: number,
    userLow: number,
    userHigh: number,
  ): number {
    if (this.#pending === this.#sqEntries) this.submit();
    if (this.#pending === this.#sqEntries) throw new LbError("INTERNAL", "io_uring takes no submissions");
    const at = (this.#sqTail & this.#sqMask) << 4;
    const s = this.sqes;
    s[at] = op;
    s[at + 1] = fd;
    s[at + 2] = 0;
    s[at + 3] = 0;
    s[at + 4] = address | 0;
    s[at + 5] = Math.floor(address / 0x1_0000_0000);
    s[at + 6] = length;
    s[at + 7] = opFlags;
    s[at + 8] = userLow;
    s[at + 9] = userHigh;
    s[at + 10] = 0;
    s[at + 11] = 0;
    s[at + 12] = 0;
    s[at + 13] = 0;
    this.#sqTail = (this.#sqTail + 1) | 0;
    this.#pending++;
    return at;
  }

  /** Hands over what is queued without waiting for completions. */
  submit(): void {
    this.words[this.#sqTailIndex] = this.#sqTail;
    if (this.#pending === 0) return;
    enter(SYS_ENTER, this.#fd, this.#pending, 0, 0, 0, 0);
    this.#countPending();
  }

  /**
   * Submits, runs completions, and waits for at least one; `waitMs` 0 = do not wait, < 0 = for ever.
   * @param wanted completions for which it waits up to `wantedUs` microseconds, where `canCoalesce`
   */
  enter(waitMs: number, wanted: number, wantedUs: number): void {
    this.words[this.#sqTailIndex] = this.#sqTail;
    this.prompt = 0;
    const count = this.#pending;
    if (waitMs === 0) {
      enter(SYS_ENTER, this.#fd, count, 0, ENTER_GETEVENTS, 0, 0);
    } else if (waitMs < 0 && wantedUs === 0) {
      enter(SYS_ENTER, this.#fd, count, 1, ENTER_GETEVENTS, 0, 0);
    } else {
      const ms = waitMs < 0 ? FOREVER_MS : waitMs;
      const seconds = Math.floor(ms / 1000);
      const arg = this.#arg;
      arg.setUint32(12, wantedUs, true);
      arg.setUint32(32, seconds, true);
      arg.setUint32(40, Math.ceil((ms - seconds * 1000) * 1e6) % 1e9, true);
      enter(SYS_ENTER, this.#fd, count, wanted, ENTER_GETEVENTS | ENTER_EXT_ARG, this.#argBase, 24);
    }
    this.#countPending();
  }

  /** That have come and were not taken yet. */
  get completions(): number {
    return (this.words[this.cqTail] - this.words[this.cqHead]) | 0;
  }

  /** The kernel takes fewer entries than offered when it is out of memory: the rest is offered again. */
  #countPending(): void {
    this.#pending = (this.#sqTail - this.words[this.#sqHeadIndex]) | 0;
  }

  /** Registers a ring of provided buffers as group `group`; `count` is a power of two up to 32768. */
  provideRing(group: number, count: number): void {
    const ring = libc.mapMemory(count * 16);
    const request = libc.mapMemory(4096);
    const view = new DataView(request.bytes.buffer, request.bytes.byteOffset, 40);
    view.setBigUint64(0, BigInt(ring.base), true);
    view.setUint32(8, count, true);
    view.setUint16(12, group, true);
    // Touch the page: the kernel pins it.
    ring.bytes.fill(0);
    if (register(SYS_REGISTER, this.#fd, REGISTER_PBUF_RING, request.base, 1) < 0) {
      throw refused("IORING_REGISTER_PBUF_RING");
    }
    request.free();
    this.#mappings.push(ring);
    this.#bufferWords = new Int32Array(ring.bytes.buffer, 0, count * 4);
    this.#bufferHalves = new Uint16Array(ring.bytes.buffer, 0, count * 8);
    this.#bufferMask = count - 1;
  }

  /** Adds a buffer to the provided ring; the kernel sees it after `publish`. */
  provide(id: number, address: number, length: number): void {
    const at = this.#bufferTail & this.#bufferMask;
    this.#bufferWords[at * 4] = address | 0;
    this.#bufferWords[at * 4 + 1] = Math.floor(address / 0x1_0000_0000);
    this.#bufferWords[at * 4 + 2] = length;
    this.#bufferHalves[at * 8 + 6] = id;
    this.#bufferTail = (this.#bufferTail + 1) & 0xffff;
  }

  publish(): void {
    this.#bufferHalves[7] = this.#bufferTail;
  }

  /** The ids of the `count` buffers that were provided last: those that the kernel has not used. */
  provided(count: number): number[] {
    return Array.from({ length: count }, (_, i) => {
      const at = (this.#bufferTail - count + i) & this.#bufferMask;
      return this.#bufferHalves[at * 8 + 6];
    });
  }

  close(): void {
    libc.close(this.#fd);
    for (const mapping of this.#mappings) mapping.free();
  }
}

function refused(call: string): LbError {
  const code = libc.errno();
  const why: Readonly<Record<number, string>> = {
    1: "forbidden (kernel.io_uring_disabled, or a seccomp filter as in most containers)",
    12: "not enough memory allowed",
    22: "this kernel is too old (Linux 6.1 is needed)",
    38: "this kernel has no io_uring, or a seccomp filter hides it",
  };
  return new LbError("INTERNAL", `${call}: ${why[code] ?? `errno ${code}`}`);
}
