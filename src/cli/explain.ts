/** `plimsoll explain`: asks the running process, or works out what a configuration alone would do. */
import { request } from "node:http";
import { formatExplainQuery } from "../admin/explain-query.js";
import { LbError } from "../base/errors.js";
import { loadFile, type Surroundings } from "../config/load.js";
import { parseAddress } from "../config/parse-address.js";
import { Refused } from "../config/refused.js";
import { type Address, formatAddress } from "../model/address.js";
import type { ExplainQuery, Explanation } from "../model/explanation.js";
import { explainRequest } from "../proxy/explain/explain-request.js";
import { configuredStandpoints } from "../proxy/explain/standpoint.js";
import { formatExplanation } from "./format-explanation.js";

export interface ExplainOptions {
  readonly query: ExplainQuery;
  /** Exactly one of these two. */
  readonly config: string | undefined;
  readonly admin: string | undefined;
  readonly json: boolean;
}

const ANSWER_MS = 5000;

/**
 * What is to be printed on standard output.
 * @throws ConfigError for a bad configuration, LbError where nobody answers or the question is wrong
 */
export async function runExplain(options: ExplainOptions, surroundings: Surroundings): Promise<string> {
  const { query, config, admin } = options;
  const explanation = config === undefined ? await ask(admin!, query) : await workOut(config, query, surroundings);
  if (typeof explanation === "string") throw new LbError("CONFIG_INVALID", explanation);
  return options.json ? `${JSON.stringify(explanation, undefined, 2)}\n` : formatExplanation(explanation);
}

async function workOut(file: string, query: ExplainQuery, surroundings: Surroundings): Promise<Explanation | string> {
  const { spec } = await loadFile(file, surroundings);
  return explainRequest(spec, query, configuredStandpoints(spec));
}

async function ask(admin: string, query: ExplainQuery): Promise<Explanation | string> {
  const address = parseAddress(admin, "127.0.0.1", 1);
  if (address instanceof Refused) return `--admin: ${address.message}`;
  const { status, body } = await get(address, `/explain?${formatExplainQuery(query)}`);
  if (status === 200) return JSON.parse(body) as Explanation;
  return status === 400
    ? body.trimEnd()
    : `${formatAddress(address)} answered ${status}: is it a Plimsoll admin server?`;
}

function get(address: Address, path: string): Promise<{ readonly status: number; readonly body: string }> {
  const to = address.family === "unix" ? { socketPath: address.path } : { host: address.host, port: address.port };
  return new Promise((resolve, reject) => {
    const fail = (cause: Error): void => {
      const message = `asking the admin server at ${formatAddress(address)} failed: ${cause.message}`;
      reject(new LbError("CONFIG_INVALID", message, { cause }));
    };
    const asked = request({ ...to, path, timeout: ANSWER_MS, agent: false }, (response) => {
      const pieces: Buffer[] = [];
      response.on("data", (piece: Buffer) => pieces.push(piece));
      response.on("error", fail);
      response.on("end", () => resolve({ status: response.statusCode!, body: Buffer.concat(pieces).toString() }));
    });
    asked.on("timeout", () => asked.destroy(new Error(`no answer within ${ANSWER_MS} ms`)));
    asked.on("error", fail);
    asked.end();
  });
}
