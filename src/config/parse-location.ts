/** Where a redirect goes. The client's path goes into it, so it must not be able to name another host. */
import { findControl } from "./printable.js";
import { type Refused, refuse } from "./refused.js";
import { suggest } from "./suggest.js";

const PLACEHOLDERS = ["host", "path", "query"];

export function parseLocation(text: string): string | Refused {
  const control = findControl(text);
  if (control !== undefined) return refuse(`the location contains ${control}`);
  const bad = /[^!-~]/u.exec(text);
  if (bad !== null) return refuse(`the location contains ${bad[0] === " " ? "a blank" : bad[0]}`, "percent-encode it");
  for (const [whole, name] of text.matchAll(/\{([^{}]*)\}/g)) {
    if (PLACEHOLDERS.includes(name)) continue;
    const meant = suggest(name, PLACEHOLDERS);
    return refuse(
      `there is no placeholder ${whole}`,
      meant === undefined ? "there are {host}, {path} and {query}" : `did you mean {${meant}}?`,
    );
  }
  const literal = text.replace(/\{[^{}]*\}/g, "");
  const unfit = /["<>\\^`{|}]/.exec(literal);
  if (unfit !== null) return refuse(`no URL holds a ${unfit[0]}`, `write ${encodeURIComponent(unfit[0])}`);
  // `//name` and `/\name` are another host to a browser, and the client chooses what {path} is.
  if (/^\/?\{(?:host|path)\}/.test(text) || text.startsWith("//")) {
    return refuse("the redirect could lead to a host that the client chooses", "begin with https://{host}{path}");
  }
  if (text.includes("/{path}"))
    return refuse("{path} brings its own slash", `write ${text.replaceAll("/{path}", "{path}")}`);
  if (/^https?:\/\/(?:[\w.-]+|\[[0-9a-f:]+\]|\{host\})(?::\d+)?(?:[/?#{]|$)/i.test(text)) return afterAuthority(text);
  if (text.startsWith("/")) return text;
  return refuse(`neither an http(s) URL nor a path: ${text}`);
}

/** After the authority only what begins a path or a query may follow: `https://a{query}` would extend the host's name. */
function afterAuthority(text: string): string | Refused {
  const rest = text.replace(/^https?:\/\/(?:[\w.-]+|\[[0-9a-f:]+\]|\{host\})(?::\d+)?/i, "");
  if (rest === "" || /^[/?#]/.test(rest) || rest.startsWith("{path}") || rest.startsWith("{query}")) return text;
  return refuse(`${rest} stands where the path begins`, "write a / before it");
}
