/** What connections tell whoever works on them: an exchange or, after a 101, its tunnel. */
import type { Code } from "../../base/errors.js";
import type { CloseReason } from "../../engine/engine.js";
import type { MethodId, ResponseHead } from "../../wire/http1/head.js";

/** From the client's connection. */
export interface ClientEvents {
  /** More of the request body (or a tunnel's bytes) may come, and can be forwarded now. */
  readonly takesBody: boolean;
  /** A piece of it; only while `takesBody`. Returns how much was used. */
  onRequestBody(buffer: number, start: number, end: number): number;
  onClientDrain(): void;
  /** The client sent FIN. */
  onClientEnd(): void;
  /** The client's connection is gone, and its owner has let go. */
  onClientGone(reason: CloseReason): void;
  /** As `onClientGone`, after the proxy reset the client's connection for this reason. */
  onClientAborted(code: Code): void;
  onTotalTimeout(): void;
  onBodyTimeout(): void;
}

/** From an endpoint's connection. */
export interface EndpointEvents {
  /** Of the request. */
  readonly method: MethodId;
  onUpstreamOpen(): void;
  onConnectFailed(code: Code): void;
  onUpstreamDrain(): void;
  /** The endpoint sent FIN. */
  onUpstreamEnd(): void;
  /** The endpoint's connection is gone. */
  onUpstreamClosed(reason: CloseReason): void;
  /** The endpoint broke the protocol, or no buffer is free. */
  onUpstreamFault(code: Code, reason: string): void;
  onUpstreamDeadline(): void;
  /**
   * A response's head was parsed; what follows it is in `[start, end)` of `buffer`. Returns the offset of the first byte
   * that belongs to a further response.
   */
  onResponseHead(head: ResponseHead, buffer: number, start: number, end: number): number;
  onResponseBody(buffer: number, start: number, end: number): void;
}
