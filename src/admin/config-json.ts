/** The configuration as JSON for people: what JSON cannot say is written in words, and secrets are left out. */
import { isSecretName } from "../base/secret-name.js";
import type { Spec } from "../model/spec.js";

const SECRET_KEYS: ReadonlySet<string> = new Set(["send", "token", "explainToken", "secret"]);

export function configJson(spec: Spec): string {
  return `${JSON.stringify(spec, present, 2)}\n`;
}

function present(key: string, value: unknown): unknown {
  // What a TCP check sends may be a login; a token lets its reader change what runs; a secret keys persistence.
  if (SECRET_KEYS.has(key) && typeof value === "string" && value !== "") return "(hidden)";
  if (value === Infinity) return "unlimited";
  if (isSecretField(value)) return { ...value, value: "(hidden)" };
  return value;
}

/** Header operations, probe headers and match rules all have this shape. */
function isSecretField(value: unknown): value is { readonly name: string; readonly value: string } {
  if (typeof value !== "object" || value === null || !("name" in value) || !("value" in value)) return false;
  return typeof value.name === "string" && isSecretName(value.name) && value.value !== "";
}
