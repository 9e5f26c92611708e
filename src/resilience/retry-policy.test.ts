import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { CODES, type Code, TRAITS } from "../base/errors.js";
import { NO_RETRY } from "../model/flow-spec.js";
import type { RetrySpec } from "../model/spec.js";
import { type FailedTry, mayRetry, mayRetryStatus } from "./retry-policy.js";

const spec: RetrySpec = { ...NO_RETRY, attempts: 2, on: ["connect-failure", "reset", "timeout"], statuses: [503] };
const get: FailedTry = {
  tries: 1,
  idempotent: true,
  bytesSent: 100,
  bodyKept: true,
  responseForwarded: false,
  pooledConnection: false,
};
const post: FailedTry = { ...get, idempotent: false };
const never = NO_RETRY;

const ROWS: readonly (readonly [string, FailedTry, Code, RetrySpec, boolean])[] = [
  ["a GET after a refused connection", get, "CONNECT_REFUSED", spec, true],
  ["a POST after a refused connection", { ...post, bytesSent: 0 }, "CONNECT_REFUSED", spec, true],
  ["a GET after a reset", get, "UPSTREAM_RESET", spec, true],
  ["a POST after a reset", post, "UPSTREAM_RESET", spec, false],
  ["a POST of which nothing was sent, after a reset", { ...post, bytesSent: 0 }, "UPSTREAM_RESET", spec, true],
  ["a GET after a response timeout", get, "RESPONSE_TIMEOUT", spec, true],
  ["a GET after the total timeout", get, "TOTAL_TIMEOUT", spec, false],
  ["a GET after a malformed response", get, "RESPONSE_INVALID", spec, false],
  ["a GET whose response has begun to flow", { ...get, responseForwarded: true }, "UPSTREAM_RESET", spec, false],
  ["a PUT whose body is no longer kept", { ...get, bodyKept: false }, "UPSTREAM_RESET", spec, false],
  ["the second retry", { ...get, tries: 2 }, "UPSTREAM_RESET", spec, true],
  ["a third retry", { ...get, tries: 3 }, "UPSTREAM_RESET", spec, false],
  ["a GET where only connect failures count", get, "UPSTREAM_RESET", { ...spec, on: ["connect-failure"] }, false],
  ["a GET after a connect timeout, by that rule", get, "CONNECT_TIMEOUT", { ...spec, on: ["connect-failure"] }, true],
  [
    "a GET that lost the race for a pooled connection",
    { ...get, pooledConnection: true },
    "UPSTREAM_RESET",
    never,
    true,
  ],
  ["a GET that lost it twice", { ...get, pooledConnection: true, tries: 2 }, "UPSTREAM_RESET", never, false],
  ["a POST that lost the race after sending", { ...post, pooledConnection: true }, "UPSTREAM_RESET", never, false],
  ["a GET on a new connection without rules", get, "UPSTREAM_RESET", never, false],
];

for (const [name, failed, code, rules, expected] of ROWS) {
  test(`${name} is ${expected ? "" : "not "}tried again`, () => {
    assert.equal(mayRetry(failed, code, rules), expected);
  });
}

const failedTries = fc.record({
  tries: fc.integer({ min: 1, max: 5 }),
  idempotent: fc.boolean(),
  bytesSent: fc.nat(1),
  bodyKept: fc.boolean(),
  responseForwarded: fc.boolean(),
  pooledConnection: fc.boolean(),
});

test("no request that may have had an effect is repeated unless it is idempotent", () => {
  fc.assert(
    fc.property(failedTries, fc.constantFrom(...CODES), (failed, code) => {
      if (!mayRetry(failed, code, spec)) return;
      assert.ok(failed.bodyKept && !failed.responseForwarded);
      assert.ok(TRAITS[code].retry === "safe" || failed.idempotent || failed.bytesSent === 0);
    }),
  );
});

test("a status is tried again if the route lists it and the request is idempotent", () => {
  assert.equal(mayRetryStatus(get, 503, spec), true);
  assert.equal(mayRetryStatus(get, 502, spec), false);
  assert.equal(mayRetryStatus(post, 503, spec), false);
  assert.equal(mayRetryStatus({ ...get, tries: 3 }, 503, spec), false);
  assert.equal(mayRetryStatus({ ...get, bodyKept: false }, 503, spec), false);
});

test("a status is tried again if it is listed or in a group that is", () => {
  const groups = [
    [["gateway-error"], [502, 503, 504]],
    [["5xx"], [500, 501, 502, 503, 504, 511, 599]],
    [["retriable-4xx"], [409]],
    [["connect-failure", "reset", "timeout"], []],
  ] as const;
  for (const [on, expected] of groups) {
    const rules = { ...NO_RETRY, attempts: 1, on };
    const statuses = Array.from({ length: 500 }, (_, i) => i + 100);
    const retried = statuses.filter((status) => mayRetryStatus(get, status, rules));
    for (const status of expected) assert.ok(retried.includes(status), `${on}: ${status}`);
    const whole = on[0] === "5xx" ? statuses.filter((status) => status >= 500) : expected;
    assert.deepEqual(retried, whole, on.join());
    assert.ok(!mayRetryStatus(post, 503, rules), "nor does a group make it safe");
  }
});
