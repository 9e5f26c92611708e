/** What an endpoint may send. Fixed: an endpoint that needs more than this is broken, and its clients are told so. */
import { BUFFER_SIZE, HEADROOM } from "../../engine/memory.js";
import type { HttpLimits } from "../../model/spec.js";

/** Room that the rewritten head needs beyond the original: Via, connection fields, configured additions. */
const GROWTH = 2 * HEADROOM;

export const UPSTREAM_LIMITS: HttpLimits = {
  maxLineBytes: BUFFER_SIZE - HEADROOM - GROWTH,
  maxHeaderBytes: BUFFER_SIZE - HEADROOM - GROWTH,
  maxHeaderCount: 200,
  maxChunkExtensionBytes: 4096,
  maxTrailerBytes: 8192,
  maxBodyBytes: Number.POSITIVE_INFINITY,
};
