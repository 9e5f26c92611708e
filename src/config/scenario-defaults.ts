/** What a scenario (the world that `plimsoll simulate` plays) is where its file says nothing, each with its reason. */
import { by } from "./defaults.js";

export const SCENARIO_DEFAULTS = {
  duration: by("60s", "long enough for ejections to begin and to end"),
  warmup: by("0s", "what happens at the start is often the question"),
  roundTrip: by("0.5ms", "within a data centre"),
  idempotent: by(true, "most requests are GET"),
  keys: {
    count: by(10_000, "many more clients than endpoints"),
    zipf: by(0, "all keys alike; what people ask for is nearer to 1"),
  },
  endpoint: {
    service: by({ exponential: "10ms" }, "what queueing theory is about; set what you measured"),
    slower: by(1, "as its service time says"),
    servers: by(0, "no queue: the service time is all"),
    queue: by("unlimited", "a listen backlog and a thread pool hold thousands"),
    errors: by("0%", "it works"),
    errorTime: by("1ms", "failing is quick, which is what misleads balancers"),
    errorStatus: by(503, "what an overloaded or broken service says"),
    down: by(false, "it runs"),
    hangs: by(false, "it answers"),
  },
} as const;
