/** The JSON by which an operator changes one endpoint at run time, checked as the configuration is. */
import type { ChangeProblem, EndpointChange } from "../model/endpoint-change.js";
import { toFindings } from "./issues.js";
import { parseName } from "./parse-text.js";
import { formatPath } from "./problem.js";
import { Refused } from "./refused.js";
import { endpointAddress } from "./schema/cluster.js";
import { flag, integer, mapping } from "./schema/parts.js";

/** null goes back to what the configuration says. */
const schema = mapping(
  "address, weight, maxConnections, drain",
  {
    address: endpointAddress.nullable().optional(),
    weight: integer(0, 1000).nullable().optional(),
    maxConnections: integer(0, 1_000_000).nullable().optional(),
    drain: flag().nullable().optional(),
  },
  { id: "the id stands in the path", state: "write drain: true or false", draining: "write drain" },
);

/** @param id of an endpoint that would be new: it needs a name that metrics and logs can carry, and an address */
export function parseEndpointChange(body: string, id: string | undefined): EndpointChange | ChangeProblem {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch (error) {
    return invalid(`the body is not JSON: ${(error as Error).message}`, 'send {"weight": 3} or the like');
  }
  const parsed = schema.safeParse(value);
  if (!parsed.success) {
    const [{ path, message, expected, hint }] = toFindings(parsed.error.issues, value);
    const where = path.length === 0 ? "" : `${formatPath(path)}: `;
    return invalid(`${where}${message}`, hint ?? (expected === undefined ? undefined : `expected: ${expected}`));
  }
  const change = Object.fromEntries(
    Object.entries(parsed.data).map(([key, item]) => [key, item ?? (key === "drain" ? false : undefined)]),
  ) as EndpointChange;
  if (id === undefined) return change;
  const name = parseName(id);
  if (name instanceof Refused) return invalid(name.message, name.hint);
  return change.address === undefined
    ? { code: "NO_ENDPOINT", message: `there is no endpoint ${id}`, hint: "to add one, give its address" }
    : change;
}

function invalid(message: string, hint: string | undefined): ChangeProblem {
  return { code: "INVALID", message, hint };
}
