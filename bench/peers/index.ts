/** All proxies that the bench can measure, in table order. */
import { haproxy } from "./haproxy.js";
import { nginx } from "./nginx.js";
import { nodePeer } from "./node-peer.js";
import type { Peer } from "./peer.js";
import { plimsollEngines } from "./plimsoll.js";

export const PEERS: readonly Peer[] = [
  haproxy,
  nginx,
  ...plimsollEngines,
  nodePeer("http-proxy-3"),
  nodePeer("fastify-reply-from"),
];
