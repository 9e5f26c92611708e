// biome-ignore-all lint/suspicious/noTemplateCurlyInString: variables of the file format
/** Configurations that are valid, for the laws that hold for all of them. */
import fc from "fast-check";

const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });
const time = fc.integer({ min: 1, max: 2 ** 31 - 1 });
const port = fc.integer({ min: 1, max: 65_535 });
const ip4 = fc.ipV4().filter((host) => host !== "0.0.0.0");
const address = fc.oneof(
  fc.tuple(ip4, port).map(([host, number]) => `${host}:${number}`),
  fc
    .tuple(fc.ipV6(), port)
    .filter(([host]) => !/^[0:.]*$/.test(host))
    .map(([host, number]) => `[${host}]:${number}`),
  fc.stringMatching(/^\/[a-z ]{1,9}$/).map((path) => `unix:${path}`),
);
const name = fc.stringMatching(/^[a-z][a-z0-9.-]{0,8}$/);
const token = fc.stringMatching(/^X-[A-Za-z]{1,6}$/);
const line = fc.oneof(
  fc.stringMatching(/^[!-~]([ -~]{0,9}[!-~])?$/),
  fc.constantFrom("${A}", "$${A}", "yes", "null", "1e3", "~", "#a", ""),
);
const path = fc.constantFrom("/", "/*", "/a", "/v1/*", "/a/*/c", "~^/a+$", "/a/", "/%41b", "/a/*/");
const condition = fc.oneof(
  fc.boolean(),
  fc.record({ exact: line }),
  fc.constantFrom("plain", "pre*", "~^re+$", "~[a-z]*"),
);
const record = <T>(key: fc.Arbitrary<string>, value: fc.Arbitrary<T>) =>
  fc
    .uniqueArray(fc.tuple(key, value), { selector: ([k]) => k.toLowerCase(), maxLength: 3 })
    .map((items) => Object.fromEntries(items));

const operations = fc.record({
  set: record(token, line),
  add: record(token, fc.array(line, { minLength: 1, maxLength: 2 })),
  remove: fc.constantFrom([], ["server"]),
});
const percent = fc.constantFrom(0, "12.5%", 100);
const someLimits = { connections: fc.nat(9), pending: fc.nat(9), requests: fc.nat(9), retries: fc.nat(9) };
const shares = fc.tuple(fc.record({ cluster: fc.constant("a"), weight: fc.integer({ min: 1, max: 1000 }) }));
const faults = fc.oneof(
  fc.record({ delay: fc.record({ percent, time }), header: fc.boolean() }),
  fc.record({ abort: fc.record({ percent, status: fc.constantFrom(500, 404) }) }),
);
const action = fc.oneof(
  fc.record({
    split: fc.oneof(
      shares,
      fc.record({
        clusters: shares,
        on: fc.subarray(["path", "source", { cookie: "s" }]),
        override: maybe(fc.record({ header: token })),
      }),
    ),
    faults: maybe(faults),
  }),
  fc.record({
    cluster: fc.constant("a"),
    faults: maybe(faults),
    mirror: maybe(fc.record({ cluster: fc.constant("a"), percent, max: fc.integer({ min: 1, max: 9 }) })),
    rewrite: maybe(fc.record({ host: fc.constantFrom("h", "h:80") })),
    timeouts: maybe(fc.record({ responseHeader: time, perTry: fc.constantFrom("none", 5), total: time, idle: time })),
    retry: maybe(
      fc.record({
        attempts: fc.nat(10),
        on: fc.subarray(["connect-failure", "reset", "timeout", "5xx", "retriable-4xx"] as const),
        statuses: fc.subarray([500, 502]),
        backoff: maybe(fc.record({ base: fc.constantFrom("none", 7), max: time }, { requiredKeys: [] })),
        minTime: maybe(fc.nat(100)),
        maxRetryAfter: maybe(fc.nat(9000)),
      }),
    ),
    upgrade: fc.boolean(),
    priority: fc.constantFrom("high", "normal", "low"),
    hedge: maybe(
      fc.record({ after: fc.constantFrom("97.5%", "50ms"), max: fc.constantFrom(1, 5) }, { requiredKeys: [] }),
    ),
  }),
  fc.record({
    redirect: fc.record({
      status: fc.constantFrom(301, 302, 303, 307, 308),
      location: fc.constantFrom("/x", "https://{host}{path}"),
    }),
  }),
  fc.record({
    respond: fc.record({
      status: fc.constantFrom(200, 404),
      body: fc.string({ unit: "grapheme", maxLength: 20 }),
      contentType: line,
    }),
  }),
);
const route = fc
  .tuple(
    fc.record({
      match: fc.record({
        host: maybe(fc.constantFrom("a.b", "*.c")),
        path: maybe(path),
        method: fc.subarray(["GET", "PUT"]),
        headers: record(token, condition),
        query: record(fc.stringMatching(/^[a-z${}]{1,4}$/), condition),
      }),
      requestHeaders: operations,
      responseHeaders: operations,
    }),
    action,
  )
  .map(([match, act]) => ({ ...match, ...act }));
const listener = fc.oneof(
  fc.record({
    protocol: fc.constant("http"),
    routes: fc.array(route, { maxLength: 4 }),
    limits: maybe(
      fc.record({
        maxLine: fc.integer({ min: 64, max: 8000 }),
        maxBody: fc.constantFrom("unlimited", 5, "10MiB"),
        maxHeaderCount: fc.integer({ min: 1, max: 1000 }),
      }),
    ),
    timeouts: maybe(fc.record({ header: time, minRate: fc.nat(1e6) })),
    trustedProxies: fc.subarray(["10.0.0.0/8", "::1", "2001:db8::/32"]),
    forwarded: fc.boolean(),
    via: fc.constantFrom("", "x"),
    requestId: fc.boolean(),
  }),
  fc.record({ protocol: fc.constant("tcp"), cluster: fc.constant("a"), timeouts: maybe(fc.record({ idle: time })) }),
);
const hashKey = fc.oneof(
  fc.constantFrom("path", "source", "request-id"),
  fc.record({ header: token }),
  fc.record({ cookie: name }),
  fc.record({ query: fc.stringMatching(/^[a-z${}]{1,4}$/) }),
);
const bound = fc.constantFrom("none", 1.25);
const balance = fc.oneof(
  fc.constantFrom("round-robin", "random", "p2c", "least-request", "source-address", "ring-hash", "first", "prequal"),
  fc.record({ policy: fc.constant("source-address"), boundedLoad: bound }),
  fc.record({
    policy: fc.constantFrom("ring-hash", "rendezvous", "maglev"),
    hashOn: maybe(fc.oneof(hashKey, fc.array(hashKey, { minLength: 1, maxLength: 3 }))),
    boundedLoad: maybe(bound),
  }),
  fc.record({ policy: fc.constant("maglev"), tableSize: fc.constantFrom(1009, 655_373) }),
  fc.record({ policy: fc.constantFrom("peak-ewma", "least-time"), decay: maybe(time), penalty: maybe(time) }),
  fc.record({
    policy: fc.constant("prequal"),
    decay: maybe(time),
    candidates: maybe(fc.integer({ min: 2, max: 100 })),
    hotQuantile: maybe(fc.double({ min: 0, max: 1, noNaN: true })),
    stale: maybe(time),
  }),
);
const discover = fc.oneof(
  fc.record({ file: line.filter((text) => text !== "") }),
  fc.record({
    dns: fc.record({
      name: fc.constantFrom("a", "Web.internal"),
      port,
      type: fc.constantFrom("A", "AAAA", "A+AAAA"),
      mode: fc.constantFrom("strict", "logical"),
      maxTtl: fc.integer({ min: 5000, max: 1e6 }),
      forgetAfter: fc.constantFrom("none", "1h"),
      resolvers: fc.subarray(["10.0.0.2", "::1", "[2001:db8::1]:5353"]),
    }),
  }),
  fc.constant({ dns: { name: "_http._tcp.web.internal", type: "SRV", minTtl: "1s" } }),
);
const bytes = fc.oneof(fc.stringMatching(/^[a-z${} ]{1,6}$/), fc.constantFrom("\\\\r\\\\n", "hex:00ff", "a: b\\r\\n"));
const schedule = { jitter: maybe(fc.double({ min: 0, max: 1, noNaN: true })), rise: fc.integer({ min: 1, max: 9 }) };
const http = fc.record({
  path: fc.constantFrom("/", "/h?a=${b}"),
  headers: record(token, line),
  status: fc.constantFrom(200, "2xx", [200, "300-399"]),
  body: fc.stringMatching(/^[ -~]{0,9}$/),
});
const check = fc.oneof(
  fc.record({ tcp: fc.constant(true), name: maybe(name), ...schedule }),
  fc.record({ tcp: fc.record({ send: bytes, expect: bytes }), name: maybe(name), address: maybe(address) }),
  fc.record({ http, name: maybe(name), port: maybe(port), interval: fc.integer({ min: 1000, max: 1e6 }) }),
);
const agent = fc.oneof(
  port,
  port.map((number) => ({ port: number })),
);
const health = fc
  .tuple(
    fc.uniqueArray(check, { maxLength: 3, selector: (one) => one.name ?? "" }),
    maybe(fc.record({ agent, name: fc.constantFrom("agent", "A") })),
  )
  .map(([checks, own]) => (own === undefined ? checks : [...checks, own]));
const anyCluster = fc.record({
  endpoints: fc
    .uniqueArray(
      fc.record({
        address,
        id: maybe(name),
        weight: fc.nat(1000),
        maxConnections: fc.nat(1e6),
        priority: fc.nat(15),
        zone: maybe(name),
      }),
      {
        selector: (endpoint) => endpoint.address,
        maxLength: 3,
      },
    )
    .filter((endpoints) => new Set(endpoints.map(({ id }, index) => id ?? index)).size === endpoints.length),
  balance: maybe(balance),
  failover: maybe(fc.record({ overprovisioning: fc.constantFrom(1, 1.7), panic: fc.constantFrom(0, "12.5%") })),
  locality: maybe(
    fc.record({
      mode: fc.constantFrom("ignore", "weighted", "nearest"),
      own: name,
      weights: record(name, fc.constantFrom(0.5, 3)),
    }),
  ),
  subset: maybe(fc.record({ size: fc.integer({ min: 1, max: 99 }), index: fc.nat(4), of: fc.constant(5) })),
  slowStart: maybe(
    fc.oneof(time, fc.record({ window: time, aggression: fc.constantFrom(0.5, 2), min: fc.constantFrom("7%", 100) })),
  ),
  discover: maybe(discover),
  connect: maybe(fc.record({ timeout: time, attempts: fc.integer({ min: 1, max: 10 }) })),
  pool: maybe(fc.record({ maxIdle: fc.nat(65_535), idle: time })),
  health: maybe(fc.oneof(check, health)),
  outlier: maybe(
    fc.record({
      consecutiveFailures: fc.nat(9),
      consecutive5xx: fc.nat(9),
      interval: time,
      successRate: maybe(fc.record({ stdevFactor: fc.constantFrom(0, 1.9), minFailurePercent: fc.nat(100) })),
      failurePercent: maybe(fc.record({ threshold: fc.constantFrom(0, "12.5%"), minVolume: fc.constant(7) })),
      latency: maybe(fc.record({ factor: fc.constantFrom(0, 2.5), min: time })),
      maxEjectionPercent: fc.integer({ min: 0, max: 100 }),
    }),
  ),
  limits: maybe(fc.record({ ...someLimits, perEndpoint: fc.record(someLimits) })),
  adaptive: maybe(
    fc.record(
      {
        min: fc.constantFrom(1, 5),
        max: fc.constantFrom(9, 900),
        tolerance: fc.constantFrom("25%", 100),
        interval: time,
      },
      { requiredKeys: [] },
    ),
  ),
  queue: maybe(fc.record({ max: fc.integer({ min: 1, max: 9 }), timeout: time }, { requiredKeys: [] })),
  loadReports: maybe(
    fc.oneof(
      fc.constant(true),
      fc.record({ forward: fc.boolean(), errorPenalty: fc.constantFrom(0, 1.5), maxAge: fc.constantFrom("1s", "3m") }),
    ),
  ),
  persistence: maybe(
    fc.oneof(
      fc.constant({ cookie: "sid" }),
      fc.record({
        cookie: fc.record({
          name: fc.constantFrom("a", "__Host-b"),
          ttl: fc.constantFrom("none", "30m"),
          path: fc.constantFrom("/", "/x"),
          secure: fc.constant(true),
          httpOnly: fc.boolean(),
          sameSite: fc.constantFrom("strict", "lax", "none"),
          secret: maybe(
            fc.constantFrom(
              "sixteen letters.",
              "${A} ${B} $${C} ${D}".replaceAll("${", () => "$${"),
            ),
          ),
        }),
      }),
      fc.record({ header: fc.record({ name: token }) }),
      fc.record({ source: fc.record({ ttl: fc.constantFrom("1s", "2h"), size: fc.integer({ min: 8, max: 9999 }) }) }),
    ),
  ),
  retryBudget: maybe(fc.record({ percent: fc.constantFrom("12.5%", 0, 100), minimum: fc.nat(9) })),
});
/** A unix socket has no other port that could be checked. */
const cluster = anyCluster.map((one) => {
  const hasSocket = one.endpoints.some((endpoint) => endpoint.address.startsWith("unix:"));
  const checks = [one.health ?? []].flat().filter((each) => !hasSocket || !("agent" in each || "port" in each));
  const policy = typeof one.balance === "object" ? one.balance.policy : (one.balance ?? "");
  // Policies that hash refuse weights that change.
  const loadReports = ["source-address", "ring-hash", "rendezvous", "maglev"].includes(policy)
    ? undefined
    : one.loadReports;
  return { ...one, loadReports, health: checks.length === 1 ? checks[0] : checks };
});
/** A configuration as a file or a program would have it, in nearly every form there is. */
export const anyConfig = fc.record({
  listeners: fc
    .array(listener, { minLength: 1, maxLength: 3 })
    .map((all) => all.map((item, index) => ({ ...item, address: `:${8000 + index}` }))),
  // tcp listeners use a, and cannot do so with an adaptive limit.
  clusters: fc
    .tuple(cluster, record(name, cluster))
    .map(([a, others]) => ({ ...others, a: { ...a, adaptive: undefined } })),
  workers: fc.constantFrom("auto", 7),
  admin: fc.constant(":9901"),
  adminState: maybe(fc.constantFrom("state.json", "/var/lib/plimsoll/my state.json")),
  adminToken: maybe(fc.stringMatching(/^[!-~]{16,20}$/).filter((token) => !/[$]/.test(token))),
  explainToken: maybe(fc.stringMatching(/^[!-~]{16,20}$/).filter((token) => !/[$]/.test(token))),
  accessLog: maybe(
    fc.oneof(
      fc.constant("stdout"),
      fc.record({ target: line.filter((text) => text !== ""), format: fc.constantFrom("json", "%{status} $${x}") }),
    ),
  ),
  limits: maybe(
    fc.record({ maxConnections: fc.integer({ min: 1, max: 1e6 }), buffers: fc.constantFrom("64MiB", 5_000_001) }),
  ),
  drain: time,
  overload: maybe(fc.record({ buffers: fc.constantFrom("85%", 0), delay: fc.constantFrom("none", 70) })),
});
