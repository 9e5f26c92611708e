/**
 * A worker that dies while it logs a request: for `/crash` as a bug would make it, for `/vanish` without running another
 * line, as when it is out of memory.
 */
import { AccessLog } from "../../../src/observe/access-log.js";

const write = AccessLog.prototype.write;
AccessLog.prototype.write = function (record) {
  if (record.target === "/crash") throw new Error("crashed by a test");
  if (record.target === "/vanish") process.exit(1);
  write.call(this, record);
};
await import("../../../src/proxy/worker.js");
