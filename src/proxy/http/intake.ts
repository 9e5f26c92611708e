/** What becomes of a request whose head was parsed: it is answered at once, or there is a route that forwards it. */
import type { Code } from "../../base/errors.js";
import type { RequestHead } from "../../wire/http1/head.js";
import type { Account } from "./account.js";
import { asksThisProxy, checkRequest } from "./check-request.js";
import type { ClientSide } from "./client-side.js";
import { dropClaims } from "./forwarding.js";
import type { ForwardRoute } from "./http-routes.js";
import type { HttpWorker } from "./http-worker.js";

/** The route that forwards it; else it was answered: true if the client's connection lives on. */
export function takeRequest(
  worker: HttpWorker,
  client: ClientSide,
  account: Account,
  head: RequestHead,
): ForwardRoute | boolean {
  const { listener, trusted } = client.downstream;
  const { bytes } = worker.context.engine.memory;
  client.begin(head);
  account.onRequest(bytes, head);
  if (!trusted) dropClaims(bytes, head, listener.rules);
  const fault: Code | undefined = checkRequest(bytes, head, listener.rules);
  if (fault !== undefined) return client.refuse(fault, "");
  if (asksThisProxy(bytes, head)) return client.answerOptions(head);
  const index = listener.routes.table.match(bytes, head);
  if (index < 0) return client.refuse("NO_ROUTE", "");
  const route = listener.routes.list[index];
  account.route = route.name;
  if (route.kind !== "forward") return client.answer(route, head);
  if (worker.context.sheds(route.priority))
    return client.refuse("OVERLOADED", "the worker is short of buffers or time");
  return route;
}
