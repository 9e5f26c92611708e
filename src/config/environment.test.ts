// biome-ignore-all lint/suspicious/noTemplateCurlyInString: that is what is tested
import assert from "node:assert/strict";
import { test } from "node:test";
import { substitute } from "./environment.js";
import { Refused } from "./refused.js";

const environment = { PORT: "8080", EMPTY: "", SELF: "${PORT}", TWO: "a\nb: c" };
const of = (text: string) => substitute(text, environment);

test("a variable is replaced by its value, and a default stands in for a missing or empty one", () => {
  assert.equal(of(":${PORT}"), ":8080");
  assert.equal(of("${PORT}-${PORT}"), "8080-8080");
  assert.equal(of("${NONE:-80}"), "80");
  assert.equal(of("${EMPTY:-80}"), "80");
  assert.equal(of("${EMPTY}"), "");
  assert.equal(of("${NONE:-}"), "");
  assert.equal(of("${PORT:-80}"), "8080");
});

test("values are not searched for variables again", () => {
  assert.equal(of("${SELF}"), "${PORT}");
});

test("$${ stands for ${", () => {
  assert.equal(of("$${PORT}"), "${PORT}");
  assert.equal(of("$$${PORT}"), "$${PORT}");
  assert.equal(of("cost $5 {x}"), "cost $5 {x}");
});

test("a missing variable is refused, with the one that was probably meant", () => {
  const refused = of("${PROT}");
  assert.ok(refused instanceof Refused);
  assert.equal(refused.message, "the environment has no variable PROT");
  assert.equal(refused.hint, "did you mean PORT? Else set it, or write ${PROT:-default}");
});

test("what the prototype of an object has is no variable", () => {
  assert.ok(of("${constructor}") instanceof Refused);
  assert.ok(of("${__proto__}") instanceof Refused);
});

test("a reference that is not one is refused", () => {
  for (const text of ["${", "${}", "${1A}", "${A B}", "${PORT", "${PORT:80}", "${PORT-80}"]) {
    assert.ok(of(text) instanceof Refused, text);
  }
});
