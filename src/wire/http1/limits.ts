/** What a client may send before it is refused: the numbers that hold where the configuration says nothing. */
import type { HttpLimits } from "../../model/spec.js";

export const DEFAULT_HTTP_LIMITS: HttpLimits = {
  // What nginx (large_client_header_buffers) and Apache (LimitRequestLine) allow. Counts the CRLF.
  maxLineBytes: 8192,
  // A head must fit into one buffer of 16 KiB with room to grow while it is rewritten; HAProxy allows the same 15 KiB.
  maxHeaderBytes: 15_360,
  // Apache's LimitRequestFields and HAProxy's tune.http.maxhdr are about 100.
  maxHeaderCount: 100,
  // Nobody needs any; signed uploads send under 100 bytes a chunk (CVE-2024-22019 was the lack of a bound).
  maxChunkExtensionBytes: 4096,
  maxTrailerBytes: 8192,
  // A proxy streams: how much is too much is the application's to say.
  maxBodyBytes: Number.POSITIVE_INFINITY,
};
