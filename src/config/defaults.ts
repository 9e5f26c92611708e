/**
 * Every default, as a file would write it, with its reason. Together they have to be safe for a service on the internet
 * that nobody tuned. The schema fills them in; the reasons are shown by editors through the JSON Schema.
 */

export interface Default<T> {
  readonly value: T;
  readonly why: string;
}

export function by<const T>(value: T, why: string): Default<T> {
  return { value, why };
}

export const DEFAULTS = {
  workers: by("auto", "one per core: a worker never waits for another"),
  engine: by("auto", "the fastest that this system allows"),
  drain: by("25s", "ends before the 30 s after which Kubernetes kills"),

  limits: {
    maxConnections: by(20_000, "twice the descriptors (upstream side) still fit the usual hard limit of 65536 or more"),
    buffers: by("256MiB", "about 16 000 buffers; an idle connection holds none"),
    highWater: by("256KiB", "a round trip of 2 ms at 1 Gbit/s; a slow reader holds no more than this"),
  },

  overload: {
    buffers: by("80%", "at 87 % reading stops for everybody; before that the least important should make room"),
    delay: by("500ms", "a loop that late twice in a row is not busy but overloaded; clients time out next"),
  },

  accessLog: {
    format: by("json", "no field can be mistaken for another"),
  },

  tcp: {
    idle: by("10m", "nginx's proxy_timeout; pooled database connections are quiet for minutes"),
  },

  http: {
    trustedProxies: by([], "nobody's X-Forwarded-For is believed unless named"),
    forwarded: by(false, "few services read RFC 7239; X-Forwarded-* is always sent"),
    via: by("plimsoll", "RFC 9110 7.6.3 requires Via of a gateway; it also stops loops"),
    requestId: by(true, "one id finds a request in every log behind the proxy"),
  },

  httpLimits: {
    maxLine: by("8KiB", "RFC 9112 3 asks for 8000 octets at least; nginx and Apache have 8 KiB"),
    maxHeader: by("15KiB", "nearly a whole buffer; Node.js and HAProxy allow 16 KiB"),
    maxHeaderCount: by(100, "Envoy and Apache have 100, HAProxy 101"),
    maxChunkExtension: by("16KiB", "nobody uses them; Node.js's limit since CVE-2024-22019"),
    maxTrailer: by("4KiB", "checksums and gRPC status, with room"),
    maxBody: by("unlimited", "bodies are streamed and use no memory; services know their own limit"),
  },

  downstreamTimeouts: {
    header: by("10s", "slow but honest networks need 3; HAProxy's guides say 5 to 10"),
    bodyIdle: by("30s", "several retransmissions on a mobile network"),
    minRate: by("240B/s", "Kestrel's figure: below it nobody works, but slow-loris attacks live there"),
    idle: by("60s", "browsers come back within a minute; Amazon's balancers use 60 s"),
  },

  forward: {
    priority: by("normal", "room above for health and payment, below for crawlers"),
    upgrade: by(true, "WebSocket works; only a matching 101 opens a tunnel"),
    responseHeader: by("30s", "half of nginx's 60 s; a client that waited 30 s has gone"),
    perTry: by("none", "connect and responseHeader already bound a try"),
    total: by("none", "downloads and streams may last; idle bounds what is stuck"),
    idle: by("5m", "Envoy's stream idle timeout; WebSockets ping more often"),
  },

  retry: {
    attempts: by(2, "three endpoints in a row fail only when more is wrong than an endpoint"),
    on: by(["connect-failure", "reset"], "nothing was answered; a timeout has used the client's time already"),
    statuses: by([], "a service that answers 503 may mean it"),
    backoff: {
      base: by("25ms", "Envoy's: a restart of an endpoint is not over sooner, and a client does not feel it"),
      max: by("250ms", "Envoy's, ten times the base"),
    },
    minTime: by("10ms", "what is sent later cannot be answered in time and is only load"),
    maxRetryAfter: by("1s", "the least that a service can ask for; longer waits are the client's to decide"),
  },

  loadReports: {
    forward: by(false, "how loaded a service is, is nobody's business outside"),
    errorPenalty: by(1, "gRPC's default: an error costs as much as a request that uses all of the endpoint"),
    maxAge: by("3m", "gRPC's default"),
  },

  persistence: {
    ttl: by("none", "as long as the browser's session, like the session that it protects"),
    path: by("/", "the whole site"),
    secure: by(false, "listeners speak plain HTTP; where something in front of them speaks TLS, set it"),
    httpOnly: by(true, "no script needs it"),
    sameSite: by("lax", "what browsers assume anyway: links from other sites come back to their endpoint"),
    sourceTtl: by("30m", "HAProxy's guides: as long as sessions live without use"),
    size: by(65_536, "1 MiB"),
  },

  split: {
    weight: by(1, "all alike"),
  },

  mirror: {
    percent: by("100%", "a shadow that sees only some requests must be asked for"),
    max: by(100, "a stuck shadow holds so many connections and no more"),
  },

  faults: {
    status: by(503, "what clients get when a service is really down"),
    header: by(false, "a percentage of everybody's requests, as Envoy does"),
  },

  cluster: {
    balance: by("round-robin", "shares follow weights exactly, and a fast failure attracts no traffic"),
  },

  balance: {
    hashOn: by(["source"], "every request has it, in tcp too"),
    boundedLoad: by("none", "a key stays where it is, whatever the load"),
    tableSize: by(65_537, "the paper's: even within 1 % for 600 endpoints; built in a few milliseconds"),
    decay: by("10s", "Finagle's and linkerd's: what was slow is forgiven within a minute"),
    penalty: by("1s", "a failure that comes at once must not look like a fast answer"),
    candidates: by(5, "more find little better ones, and each costs some nanoseconds"),
    hotQuantile: by(0.84, "the paper's best: 2^-0.25"),
    stale: by("10s", "an endpoint that nobody asks may have changed"),
  },

  failover: {
    overprovisioning: by(1.4, "Envoy's: the next level helps once fewer than 72 % of this one are healthy"),
    panic: by("0%", "healthy endpoints alone, until none is left: overload is the limits' business"),
  },

  locality: {
    mode: by("ignore", "shares follow weights alone"),
    weight: by(1, "zones alike"),
  },

  slowStart: {
    aggression: by(1, "a share that rises evenly"),
    min: by("10%", "Envoy's: with less, the first requests would take all of the window to come"),
  },

  endpoint: {
    weight: by(1, "all alike"),
    priority: by(0, "one level"),
    maxConnections: by(0, "what an endpoint can take only its owner knows"),
  },

  dns: {
    type: by("A", "what nearly every service has; A+AAAA costs a second question each time"),
    mode: by("strict", "every address that a service publishes shall get its share"),
    minTtl: by("5s", "Kubernetes answers with 5 s; TTL 0 must not mean a question a millisecond"),
    maxTtl: by("5m", "a day's TTL is a promise that nobody remembers when they move a service"),
    timeout: by("2s", "a resolver nearby needs milliseconds; a recursion that takes longer is cached for the next try"),
    forgetAfter: by("10m", "a name that is gone so long is gone on purpose, and its addresses may be somebody else's"),
    resolvers: by([], "the system's resolvers know the system's names"),
  },

  connect: {
    timeout: by(
      "1s",
      "a data centre needs a millisecond; a lost SYN is resent after 1 s, by when another endpoint is better",
    ),
    attempts: by(3, "as many tries as HTTP has with its retries"),
  },

  pool: {
    maxIdle: by(128, "bursts of that many find open connections; idle ones hold no buffer"),
    idle: by("4s", "Node.js, Apache and uvicorn close after 5 s: being first avoids the race"),
  },

  health: {
    interval: by("5s", "with fall 3 an endpoint is out after 15 s at most, at 12 probes a minute"),
    fastInterval: by("1s", "a change is confirmed within seconds"),
    timeout: by("2s", "HAProxy's default; slower than that is not healthy"),
    jitter: by(0.2, "probes of many balancers do not align"),
    rise: by(2, "HAProxy's default: one lucky answer proves little"),
    fall: by(3, "HAProxy's default: one lost packet proves little"),
    method: by("GET", "every service answers it"),
    status: by(["200-399"], "HAProxy and nginx: a service that redirects is alive"),
    body: by("", "the status says enough"),
    send: by("", "most services that speak first, or are HTTP, need none"),
    expect: by("", "who accepts connections is alive"),
  },

  outlier: {
    consecutiveFailures: by(5, "Envoy's default; at 1 % chance failures 5 in a row are no accident"),
    consecutive5xx: by(0, "a 500 may be the request's fault: one client could have endpoints ejected at will"),
    consecutiveLocal: by(0, "consecutiveFailures counts these too"),
    interval: by("10s", "Envoy's default: long enough for a volume, short enough to help"),
    successRate: {
      stdevFactor: by(1.9, "Envoy's default: of 5 endpoints one that stands out alone is 2 deviations away"),
      minVolume: by(100, "Envoy's default: below it a few failures are chance"),
      minEndpoints: by(5, "Envoy's default: of fewer nobody can say who is the odd one out"),
      minFailurePercent: by("5%", "else one endpoint would be ejected for any difference, however small"),
    },
    failurePercent: {
      threshold: by(0, "what all fail alike, by a bug or by what they need, is not cured by ejecting half of them"),
      minVolume: by(50, "Envoy's default"),
      minEndpoints: by(5, "Envoy's default: in a small cluster each ejection is felt"),
    },
    latency: {
      factor: by(0, "endpoints may serve different requests; who knows that they do not can switch it on"),
      min: by("10ms", "below it a factor is noise"),
      minVolume: by(50, "as for failures"),
      minEndpoints: by(3, "of two, either could be the odd one out"),
    },
    ejection: by("30s", "Envoy's default: a restart takes about as long"),
    maxEjection: by("300s", "Envoy's default: a repaired endpoint is back within 5 minutes"),
    maxEjectionPercent: by("50%", "the other half can still carry the load for a while"),
  },

  retryBudget: {
    percent: by("20%", "Envoy's and Finagle's: retries add a fifth to the load at most"),
    minimum: by(3, "Envoy's: a quiet cluster can retry at all"),
  },

  hedge: {
    after: by("95%", "Dean and Barroso's: a twentieth more load, and the slowest twentieth is rescued"),
    max: by(1, "two slow endpoints at once are rare"),
  },

  clusterLimits: {
    connections: by(0, "what a cluster can take only its owner knows"),
    pending: by(0, "connect.timeout already bounds how many there can be"),
    requests: by(0, "what a cluster can take only its owner knows"),
    retries: by(0, "retryBudget already bounds them, in proportion"),
    perEndpoint: by(0, "what an endpoint can take only its owner knows"),
  },

  adaptive: {
    min: by(5, "a service that cannot take five at once is not helped by a limit"),
    max: by(1000, "Envoy's; beyond it every endpoint of a large cluster has dozens"),
    tolerance: by("25%", "Envoy's buffer: ordinary noise of latency must not shrink the limit"),
    window: by("250ms", "hundreds of answers of a busy cluster, and still quick to react"),
    interval: by("60s", "Envoy's: measuring costs a quarter of a second of little throughput"),
  },

  queue: {
    max: by(1000, "a second's worth of requests for a service of some size; more would only time out"),
    timeout: by("1s", "whoever waited a second is better told to come back than kept"),
  },

  respond: {
    contentType: by("text/plain; charset=utf-8", "what a short message is"),
  },
} as const;
