import { type Code, TRAITS } from "../base/errors.js";

/** How a try at an endpoint ended, as far as the endpoint can be blamed for it. */
export const Outcome = {
  /** It answered: any status that is not in BAD_STATUS; TCP: the connection was established. */
  OK: 0,
  /** The client went away, or the proxy gave up for its own reasons: says nothing about the endpoint. */
  ABORTED: 1,
  /** Refused, unreachable, or no answer to connecting in time. */
  CONNECT_FAILED: 2,
  /** Closed or reset before the response was complete. */
  RESET: 3,
  /** Connected, but did not answer in time. */
  TIMEOUT: 4,
  /** 502, 503 or 504. */
  BAD_STATUS: 5,
  /** A response that breaks the protocol. */
  BAD_RESPONSE: 6,
  /** Another 5xx: it answered, and may mean the request. Counts only where `consecutive5xx` or a rate is asked for. */
  SERVER_ERROR: 7,
} as const;
export type OutcomeId = (typeof Outcome)[keyof typeof Outcome];

/** Which row of failures was as long as `OutlierSpec` tolerates: the name of the limit there. */
export type FailureRow = "consecutiveFailures" | "consecutive5xx" | "consecutiveLocal";

/** True if the outcome counts against the endpoint. */
export function isFailure(outcome: OutcomeId): boolean {
  return outcome >= Outcome.CONNECT_FAILED && outcome !== Outcome.SERVER_ERROR;
}

/** True if nothing came back of which the endpoint is the author: connecting, the connection or the wait failed. */
export function isLocalFailure(outcome: OutcomeId): boolean {
  return outcome >= Outcome.CONNECT_FAILED && outcome <= Outcome.TIMEOUT;
}

/** True if it answered with a status of 500 or more. */
export function isServerError(outcome: OutcomeId): boolean {
  return outcome === Outcome.BAD_STATUS || outcome === Outcome.SERVER_ERROR;
}

/** Of a try that cannot go on because of what the endpoint sent, or because Plimsoll cannot take it: no buffer is free. */
export function outcomeOfFault(code: Code): OutcomeId {
  return TRAITS[code].side === "self" ? Outcome.ABORTED : Outcome.BAD_RESPONSE;
}

/** BAD_STATUS: of all statuses only those by which a gateway says that it or its application cannot serve. */
export function outcomeOfStatus(status: number): OutcomeId {
  if (status < 500) return Outcome.OK;
  return status >= 502 && status <= 504 ? Outcome.BAD_STATUS : Outcome.SERVER_ERROR;
}
