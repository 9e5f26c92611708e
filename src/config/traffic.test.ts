// biome-ignore-all lint/suspicious/noTemplateCurlyInString: variables of the file format
import assert from "node:assert/strict";
import { test } from "node:test";
import { first, withCluster, withRoute } from "./load.test.support.js";

test("a mistake in splitting, mirroring or faults is told at its place", () => {
  const rows: [string, string][] = [
    [
      withRoute("split: [{ cluster: b }]"),
      "3:35 listeners[0].routes[0].split[0].cluster: there is no cluster b | clusters are a",
    ],
    [
      withRoute("split: { clusters: [{ cluster: a, weight: 0 }] }"),
      "3:23 listeners[0].routes[0].split: no cluster of the split has a weight | give one a weight above 0",
    ],
    [
      withRoute("split: { clusters: [{ cluster: a }, { cluster: a }] }"),
      "3:63 listeners[0].routes[0].split.clusters[1].cluster: a stands twice in the split | add its weights",
    ],
    [
      withRoute("cluster: a, mirror: { cluster: b }"),
      "3:47 listeners[0].routes[0].mirror.cluster: there is no cluster b | clusters are a",
    ],
    [
      withRoute("respond: 404, mirror: { cluster: a }"),
      "3:30 listeners[0].routes[0].mirror: only what is forwarded is mirrored | give the route a cluster",
    ],
    [
      withRoute("cluster: a, faults: {}"),
      "3:28 listeners[0].routes[0].faults: neither a delay nor an abort | write delay: { percent: 10%, time: 200ms }",
    ],
    [
      withRoute("cluster: a, faults: { delay: { percent: 101%, time: 1s } }"),
      "3:56 listeners[0].routes[0].faults.delay.percent: 101% is more than 100 percent",
    ],
    [
      withRoute("respond: 404, faults: { abort: { percent: 1 } }"),
      "3:30 listeners[0].routes[0].faults: only what is forwarded fails on purpose | give the route a cluster",
    ],
  ];
  assert.deepEqual(
    rows.map(([text]) => first(text)),
    rows.map(([, expected]) => expected),
  );
});

test("a mistake in session persistence is told at its place", () => {
  const rows: [string, string][] = [
    [
      withCluster("persistence: {}"),
      "5:5 clusters.a.persistence: the persistence has no key | give it one of cookie, header and source",
    ],
    [
      withCluster("persistence: { cookie: sid, source: {} }"),
      "5:5 clusters.a.persistence: the persistence has more than one key | give it one of cookie, header and source",
    ],
    [
      withCluster("persistence: { header: { name: X-A, secret: short } }"),
      "5:49 clusters.a.persistence.header.secret: the secret has 5 characters | put it into the environment: ${SECRET}; openssl rand -hex 32 makes one",
    ],
    [
      withCluster("persistence: { cookie: { name: a, sameSite: none } }"),
      "5:49 clusters.a.persistence.cookie.sameSite: browsers take sameSite: none only with secure: true",
    ],
    [
      withCluster("persistence: { cookie: { name: a, path: '/a;b' } }"),
      "5:45 clusters.a.persistence.cookie.path: the path contains a blank, a ; or a character outside ASCII",
    ],
    [
      withCluster("persistence: { cookie: { name: a, ttl: 500ms, secret: 0123456789abcdef } }"),
      "5:44 clusters.a.persistence.cookie.ttl: a cookie's ttl is in whole seconds",
    ],
  ];
  assert.deepEqual(
    rows.map(([text]) => first(text)),
    rows.map(([, expected]) => expected),
  );
});
