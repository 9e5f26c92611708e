/**
 * `${NAME}` and `${NAME:-default}` in configured text; `$${` stands for `${`. Applied to values after parsing, so that what
 * the environment holds can never become a key or another structure.
 */
import { type Refused, refuse } from "./refused.js";
import { suggest } from "./suggest.js";

export type Environment = Readonly<Record<string, string | undefined>>;

const FORMS = `write \${NAME} or \${NAME:-default}, and $\${ for the characters`;
const REFERENCE = /\$(\$\{)|\$\{([^}]*)(\}?)/g;
const NAME_AND_DEFAULT = /^([A-Za-z_]\w*)(?::-(.*))?$/s;

/** As in a shell, `:-` also replaces an empty variable. */
export function substitute(text: string, environment: Environment): string | Refused {
  let refused: Refused | undefined;
  const result = text.replace(REFERENCE, (whole, escaped: string | undefined, inner: string, close: string) => {
    if (escaped !== undefined) return "${";
    const match = close === "}" ? NAME_AND_DEFAULT.exec(inner) : null;
    if (match === null) {
      refused ??= refuse(`not a variable: ${whole}`, FORMS);
      return "";
    }
    const [, name, fallback] = match;
    const value = Object.hasOwn(environment, name) ? environment[name] : undefined;
    if (fallback !== undefined) return value === undefined || value === "" ? fallback : value;
    if (value === undefined) refused ??= refuse(`the environment has no variable ${name}`, hintFor(name, environment));
    return value ?? "";
  });
  return refused ?? result;
}

function hintFor(name: string, environment: Environment): string {
  const meant = suggest(name, Object.keys(environment));
  const fallback = `set it, or write \${${name}:-default}`;
  return meant === undefined ? fallback : `did you mean ${meant}? Else ${fallback}`;
}
