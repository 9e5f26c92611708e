import assert from "node:assert/strict";
import { test } from "node:test";
import { parseEndpointChange } from "./endpoint-change.js";

test("keys that are there are changed, null goes back to the configuration", () => {
  assert.deepEqual(parseEndpointChange('{"weight": 3, "drain": true}', undefined), { weight: 3, drain: true });
  assert.deepEqual(parseEndpointChange('{"weight": null, "drain": null, "maxConnections": 0}', undefined), {
    weight: undefined,
    drain: false,
    maxConnections: 0,
  });
  assert.deepEqual(parseEndpointChange('{"address": "10.0.0.1:80"}', "new"), {
    address: { family: "ip4", host: "10.0.0.1", port: 80 },
  });
});

test("mistakes are answered as those of a configuration are", () => {
  const rows: [string, string | undefined, string, string | undefined][] = [
    ["{", undefined, "the body is not JSON", 'send {"weight": 3} or the like'],
    ["[]", undefined, "unexpected list", "expected: a mapping (address, weight, maxConnections, drain)"],
    ['{"wieght": 1}', undefined, "wieght: unknown key wieght", "did you mean weight?"],
    ['{"weight": 1001}', undefined, "weight: 1001 is too large", "the most is 1000"],
    ['{"address": "0.0.0.0:1"}', undefined, "address: 0.0.0.0 is not a destination", "write :1 for this machine"],
    ['{"drain": 3}', undefined, "drain: unexpected 3", "expected: true or false"],
    ["{}", "new", "there is no endpoint new", "to add one, give its address"],
    ['{"address": ":1"}', "a b", "not a name: a b", "blanks and other characters are not allowed"],
  ];
  for (const [body, id, message, hint] of rows) {
    const problem = parseEndpointChange(body, id);
    assert.ok("code" in problem, body);
    assert.ok(problem.message.startsWith(message), problem.message);
    assert.equal(problem.hint, hint);
  }
});
