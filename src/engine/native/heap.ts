/** The C heap, for bytes that wait outside the pool. */
import koffi from "koffi";

// The C library that node itself runs on, whichever it is.
const libc = koffi.load(null);

/** Memory outside every typed array, by address. `allocate` returns 0 when there is none. */
export const allocate = libc.func("uintptr_t malloc(size_t size)") as (size: number) => number;
export const deallocate = libc.func("void free(uintptr_t address)") as (address: number) => void;
export const copyBytes = libc.func("uintptr_t memcpy(uintptr_t to, uintptr_t from, size_t length)") as (
  to: number,
  from: number,
  length: number,
) => number;
