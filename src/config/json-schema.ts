/** The file format as JSON Schema, from which editors complete, check and explain while one types. */
import * as z from "zod";
import { file } from "./schema/file.js";

/** Draft 2020-12, as pretty-printed JSON with a final newline: what stands in `schema/plimsoll.schema.json`. */
export function jsonSchema(): string {
  const schema = z.toJSONSchema(file, { io: "input" });
  return `${JSON.stringify({ title: "Plimsoll configuration", ...schema }, undefined, 2)}\n`;
}
