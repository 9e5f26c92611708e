/** A worker that dies while it logs a request for `/crash`: in the middle of its loop, as a bug would make it. */
import { AccessLog } from "../../../src/observe/access-log.js";

const write = AccessLog.prototype.write;
AccessLog.prototype.write = function (record) {
  if (record.target === "/crash") throw new Error("crashed by a test");
  write.call(this, record);
};
await import("../../../src/proxy/worker.js");
