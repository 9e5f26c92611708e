import { readFileSync } from "node:fs";
import { test } from "node:test";
import fc from "fast-check";
import { anyConfig } from "../config/any-config.test.support.js";
import { check, loadText } from "../config/load.js";
import { valueSource } from "../config/source.js";
import type { Spec } from "../model/spec.js";
import { compileFixedResponse } from "../proxy/http/fixed-response.js";
import { compileHeaderOperations } from "../proxy/http/header-operations.js";
import { compileRewrite } from "../proxy/http/path-rewrite.js";
import { compileRedirect } from "../proxy/http/redirect.js";
import { compileRoutes } from "../proxy/http/route-table.js";

/** What a worker makes of the routes of a Spec; it throws for what it cannot take. */
function compile(spec: Spec): void {
  for (const listener of spec.listeners) {
    if (listener.kind === "tcp") continue;
    compileRoutes(listener.routes);
    for (const { match, action, requestHeaders, responseHeaders } of listener.routes) {
      compileHeaderOperations(requestHeaders);
      if (action.kind === "redirect") compileRedirect(action, responseHeaders);
      else if (action.kind === "respond") compileFixedResponse(action, responseHeaders);
      else compileRewrite(match.path, action.rewritePrefix);
    }
  }
}

test("what a check accepts, a worker can take", () => {
  fc.assert(
    fc.property(anyConfig, (value) => {
      compile(check(valueSource("value", JSON.parse(JSON.stringify(value))), { environment: {}, cores: 2 }).spec);
    }),
  );
  const full = new URL("test/golden/config/full.yaml", import.meta.resolve("plimsoll/package.json"));
  compile(loadText("full.yaml", readFileSync(full, "utf8"), { environment: {}, cores: 1 }).spec);
});
