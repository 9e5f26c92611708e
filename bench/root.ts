/** The package's folder, found from wherever the compiled bench lies. */
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

function findRoot(from: string): string {
  if (existsSync(join(from, "package.json"))) return from;
  const above = dirname(from);
  if (above === from) throw new Error("no package.json above the bench");
  return findRoot(above);
}

export const ROOT = findRoot(dirname(fileURLToPath(import.meta.url)));
