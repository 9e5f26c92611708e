import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { formatExplainQuery, parseExplainQuery } from "./explain-query.js";

test("a question that was written is read as it was", () => {
  const text = fc.string({ unit: "binary-ascii" });
  const header = fc.tuple(fc.stringMatching(/^[\w-]+$/), fc.stringMatching(/^[!-~]([ -~]*[!-~])?$/));
  fc.assert(
    fc.property(text, text, fc.array(header), text, fc.nat(), (url, method, headers, source, seed) => {
      const query = { url, method, headers, source, seed };
      assert.deepEqual(parseExplainQuery(formatExplainQuery(query)), query);
    }),
  );
});

test("only the URL has to be given", () => {
  assert.deepEqual(parseExplainQuery("url=http://a/"), {
    url: "http://a/",
    method: "GET",
    headers: [],
    source: "127.0.0.1",
    seed: 1,
  });
});

test("mistakes are told", () => {
  assert.equal(parseExplainQuery(""), "the parameter url is missing");
  assert.match(`${parseExplainQuery("uri=a")}`, /^unknown parameter uri; there are url, /);
  assert.equal(parseExplainQuery("url=a&header=b"), "not a header: b");
  assert.equal(parseExplainQuery("url=a&seed=-1"), "seed is not a whole number");
});
