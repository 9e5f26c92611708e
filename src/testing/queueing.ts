/** What queueing theory says of queues that tests simulate. */

/** Erlang's C: the chance that all of `servers` are busy, at `load` erlangs. */
export function erlangC(servers: number, load: number): number {
  let term = 1;
  let sum = 0;
  for (let k = 0; k < servers; k++) {
    sum += term;
    term *= load / (k + 1);
  }
  const waiting = (term * servers) / (servers - load);
  return waiting / (sum + waiting);
}
