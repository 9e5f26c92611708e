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
} as const;
export type OutcomeId = (typeof Outcome)[keyof typeof Outcome];

/** True if the outcome counts against the endpoint. */
export function isFailure(outcome: OutcomeId): boolean {
  return outcome >= Outcome.CONNECT_FAILED;
}

/** OK or BAD_STATUS: of all statuses only those by which a gateway says that it or its application cannot serve. */
export function outcomeOfStatus(status: number): OutcomeId {
  return status >= 502 && status <= 504 ? Outcome.BAD_STATUS : Outcome.OK;
}
