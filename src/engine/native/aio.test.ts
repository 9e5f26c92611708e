import assert from "node:assert/strict";
import { describe, type TestContext, test } from "node:test";
import { Aio, NOT_DONE, Op, openAio } from "./aio.js";
import { accept } from "./epoll.js";
import { close, Errno, mapMemory, receive } from "./libc.js";
import { bindSocket, connectSocket, lingerReset, openSocket, SOCK_NONBLOCK } from "./sockets.js";

const CAPACITY = 8;
const aio = openAio(CAPACITY);
const skip = aio instanceof Error ? `AIO is not permitted here: ${aio.message}` : false;
if (!(aio instanceof Error)) aio.close();

/** Two ends of each of `count` TCP connections, none of which blocks; and a page of memory. */
function createFixture(t: TestContext, count: number) {
  const aio = new Aio(CAPACITY);
  const page = mapMemory(4096);
  const listening = bindSocket({ family: "ip4", host: "127.0.0.1", port: 0 }, 64, false, SOCK_NONBLOCK);
  const near: number[] = [];
  const far: number[] = [];
  for (let i = 0; i < count; i++) {
    const fd = openSocket(listening.address, 0);
    assert.equal(connectSocket(fd, listening.address), 0);
    near.push(fd);
    far.push(accept(listening.fd, 0, 0, SOCK_NONBLOCK));
  }
  t.after(() => {
    aio.close();
    page.free();
    close(listening.fd);
    for (const fd of [...near, ...far]) close(fd);
  });
  return { aio, page, near, far };
}

describe("Aio", { skip }, () => {
  test("gives the result of each operation in the order of adding", (t) => {
    const { aio, page, near, far } = createFixture(t, 4);
    page.bytes.set(Buffer.from("hello"));
    aio.add(Op.WRITE, far[0], page.base, 5);
    aio.submit();
    assert.equal(aio.results[0], 5);
    assert.equal(receive(near[0], page.base + 100, 100, 0), 5);
    assert.equal(Buffer.from(page.bytes.subarray(100, 105)).toString(), "hello");

    aio.add(Op.WRITE, far[1], page.base, 5);
    aio.submit();
    lingerReset(near[2]);
    for (const fd of near.splice(2)) close(fd);
    for (const fd of [far[1], far[2], far[3], far[0]]) aio.add(Op.READ, fd, page.base + 200, 100);
    aio.submit();
    assert.deepEqual([...aio.results.subarray(0, 4)], [-Errno.EAGAIN, -Errno.ECONNRESET, 0, -Errno.EAGAIN]);
  });

  test("reads into the memory of each operation, however often it is used", (t) => {
    const { aio, page, near, far } = createFixture(t, CAPACITY);
    for (let round = 0; round < 100; round++) {
      for (let i = 0; i < CAPACITY; i++) {
        page.bytes[i] = round + i;
        aio.add(Op.WRITE, near[i], page.base + i, 1);
      }
      aio.submit();
      for (let i = 0; i < CAPACITY; i++) aio.add(Op.READ, far[i], page.base + 1000 + i * 10, 10);
      aio.submit();
      assert.deepEqual([...aio.results], new Array(CAPACITY).fill(1));
      for (let i = 0; i < CAPACITY; i++) assert.equal(page.bytes[1000 + i * 10], round + i);
    }
  });

  test("tells what was not done: a refused operation and those behind it", (t) => {
    const { aio, page, far } = createFixture(t, 2);
    for (const fd of [far[0], 1_000_000, far[1]]) aio.add(Op.READ, fd, page.base, 10);
    aio.submit();
    assert.deepEqual([...aio.results.subarray(0, 3)], [-Errno.EAGAIN, NOT_DONE, NOT_DONE]);
    aio.add(Op.READ, far[1], page.base, 10);
    aio.submit();
    assert.equal(aio.results[0], -Errno.EAGAIN);
  });

  test("says why it is not to be had", () => {
    const error = openAio(10_000_000);
    assert.ok(error instanceof Error);
    assert.match(error.message, /^io_setup: /);
  });
});
