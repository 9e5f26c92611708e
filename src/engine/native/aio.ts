/**
 * Many reads or writes of sockets in one system call: Linux native AIO. On a non-blocking socket `io_submit` carries out each
 * operation before it returns, EAGAIN being one of the results, and puts the results into a ring that we can read.
 * Layouts: include/uapi/linux/aio_abi.h, and `struct aio_ring` in fs/aio.c.
 */
import koffi from "koffi";
import { LbError } from "../../base/errors.js";
import * as libc from "./libc.js";

interface Numbers {
  readonly setup: number;
  readonly destroy: number;
  readonly submit: number;
}

/** Of the system calls, by architecture. */
const NUMBERS: Readonly<Record<string, Numbers | undefined>> = {
  x64: { setup: 206, destroy: 207, submit: 209 },
  arm64: { setup: 0, destroy: 1, submit: 2 },
};

const setup = libc.syscall("uint32_t count, uintptr_t context");
const destroy = libc.syscall("uintptr_t context");
const submit = libc.syscall("uintptr_t context, long count, uintptr_t pointers");

/** Operations in use. */
export const Op = { READ: 0, WRITE: 1 } as const;

/** In place of a result: the kernel did not take the operation on. */
export const NOT_DONE = -0x8000_0000;

/** `struct iocb` in integers. What is not set stays 0, the file offset too: sockets have none. */
const ENTRY_INTS = 16;
const DATA = 0;
const OPCODE = 4;
const FD = 5;
const ADDRESS = 6;
const LENGTH = 8;

/** `struct aio_ring` in integers. The events follow it. */
const RING_COUNT = 1;
const RING_HEAD = 2;
const RING_TAIL = 3;
const RING_MAGIC = 4;
const RING_INCOMPATIBLE = 6;
const RING_INTS = 8;
const MAGIC = 0xa10a_10a1 | 0;
/** `struct io_event` in integers; it begins with the `data` of the operation. */
const EVENT_INTS = 8;
const EVENT_RESULT = 4;

export class Aio {
  /** Operations that one submission can have. */
  readonly capacity: number;
  /** Of the last submission, in the order of `add`: bytes, 0 at the end of the stream, a negated errno value, or NOT_DONE. */
  readonly results: Int32Array;
  /** Operations added since. */
  count = 0;
  readonly #numbers: Numbers;
  readonly #page: libc.Mapping;
  readonly #entries: Int32Array;
  readonly #pointers: number;
  readonly #context: number;
  readonly #ring: Int32Array;
  readonly #ringCount: number;

  /** Throws LbError INTERNAL with the reason when AIO is not to be had here. */
  constructor(capacity: number) {
    const numbers = NUMBERS[process.arch];
    if (numbers === undefined) throw new LbError("INTERNAL", `io_setup: its number on ${process.arch} is not known`);
    // The entries, a pointer to each, and the context's address.
    const pointersAt = capacity * ENTRY_INTS * 4;
    const contextAt = pointersAt + capacity * 8;
    const page = libc.mapMemory(contextAt + 8);
    if (setup(numbers.setup, capacity, page.base + contextAt) < 0) {
      const error = refused();
      page.free();
      throw error;
    }
    this.capacity = capacity;
    this.results = new Int32Array(capacity);
    const view = new DataView(page.bytes.buffer);
    for (let i = 0; i < capacity; i++) {
      view.setBigUint64(pointersAt + i * 8, BigInt(page.base + i * ENTRY_INTS * 4), true);
    }
    this.#numbers = numbers;
    this.#page = page;
    this.#entries = new Int32Array(page.bytes.buffer, 0, capacity * ENTRY_INTS);
    this.#pointers = page.base + pointersAt;
    this.#context = Number(view.getBigUint64(contextAt, true));
    const header = new Int32Array(koffi.view(this.#context, RING_INTS * 4));
    if (header[RING_MAGIC] !== MAGIC || header[RING_INCOMPATIBLE] !== 0) {
      this.close();
      throw new LbError("INTERNAL", "io_setup: a ring of an unknown kind");
    }
    this.#ringCount = header[RING_COUNT];
    this.#ring = new Int32Array(koffi.view(this.#context, (RING_INTS + this.#ringCount * EVENT_INTS) * 4));
  }

  /** Only for non-blocking sockets, and while `count` is less than `capacity`. */
  add(operation: number, fd: number, address: number, length: number): void {
    const at = this.count * ENTRY_INTS;
    const entries = this.#entries;
    entries[at + DATA] = this.count;
    entries[at + OPCODE] = operation;
    entries[at + FD] = fd;
    entries[at + ADDRESS] = address | 0;
    entries[at + ADDRESS + 1] = Math.floor(address / 0x1_0000_0000);
    entries[at + LENGTH] = length;
    this.results[this.count++] = NOT_DONE;
  }

  /** Carries out what was added. Where the kernel refuses an operation as such, it and those behind it are not done. */
  submit(): void {
    submit(this.#numbers.submit, this.#context, this.count, this.#pointers);
    this.count = 0;
    const ring = this.#ring;
    const tail = ring[RING_TAIL];
    let head = ring[RING_HEAD];
    while (head !== tail) {
      const at = RING_INTS + head * EVENT_INTS;
      this.results[ring[at]] = ring[at + EVENT_RESULT];
      head = head + 1 === this.#ringCount ? 0 : head + 1;
    }
    ring[RING_HEAD] = head;
  }

  close(): void {
    destroy(this.#numbers.destroy, this.#context);
    this.#page.free();
  }
}

/** The error is an expected one: who gets it does without AIO. */
export function openAio(capacity: number): Aio | Error {
  try {
    return new Aio(capacity);
  } catch (error) {
    return error as Error;
  }
}

function refused(): LbError {
  const code = libc.errno();
  const why: Readonly<Record<number, string>> = {
    1: "forbidden by a seccomp filter",
    11: "fs.aio-max-nr is used up",
    12: "not enough memory allowed",
    38: "this kernel has no AIO, or a seccomp filter hides it",
  };
  return new LbError("INTERNAL", `io_setup: ${why[code] ?? `errno ${code}`}`);
}
