import assert from "node:assert/strict";
import { test } from "node:test";
import { DATE_LINE_BYTES, DateLine } from "./date-line.js";

test("the line says the current second, and is made once for it", () => {
  let wall = Date.UTC(2026, 10, 9, 8, 7, 6, 250);
  const date = new DateLine(() => wall);
  const first = date.at(1000);
  assert.equal(Buffer.from(first).toString(), "date: Mon, 09 Nov 2026 08:07:06 GMT\r\n");
  assert.equal(first.length, DATE_LINE_BYTES);
  wall += 740;
  assert.equal(date.at(1740), first);
  wall += 10;
  assert.equal(Buffer.from(date.at(1750)).toString(), "date: Mon, 09 Nov 2026 08:07:07 GMT\r\n");
});
