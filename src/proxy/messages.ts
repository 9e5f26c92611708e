/** What the main thread and its workers say to each other. Plain data: everything survives structured cloning. */
import type { Slots } from "../cluster/slots.js";
import type { EngineKind } from "../engine/engine.js";
import type { Address } from "../model/address.js";
import type { ProcessLimits, Spec } from "../model/spec.js";
import type { SlotMap } from "../observe/slots.js";
import type { LogRecord } from "./log-record.js";

/** Given to a worker when its thread starts. */
export interface WorkerStart {
  readonly worker: number;
  readonly workers: number;
  readonly engine: Spec["engine"];
  readonly limits: ProcessLimits;
  readonly metrics: SharedArrayBuffer;
  readonly shared: SharedArrayBuffer;
  readonly logRing: SharedArrayBuffer;
  readonly seed: number;
}

/** A configuration and where its figures are counted. */
export interface Snapshot {
  readonly spec: Spec;
  readonly slots: Slots;
  readonly metricSlots: SlotMap;
}

export type ToWorker =
  | { readonly kind: "apply"; readonly id: number; readonly snapshot: Snapshot }
  /** Stop accepting, finish what runs; abort what is left at the deadline (milliseconds from now), then `drained`. */
  | { readonly kind: "drain"; readonly deadlineMs: number }
  | { readonly kind: "stop" };

export type FromWorker =
  | { readonly kind: "ready"; readonly engine: EngineKind; readonly reason: string; readonly wakeFd: number }
  /** Answer to `apply`; with an error nothing was changed. */
  | {
      readonly kind: "applied";
      readonly id: number;
      readonly error: string | undefined;
      readonly listening: readonly { readonly name: string; readonly address: Address }[];
    }
  | { readonly kind: "drained" }
  | { readonly kind: "failures"; readonly cluster: string; readonly endpoint: string }
  | { readonly kind: "log"; readonly record: LogRecord }
  /** The last message of a worker that dies; its sockets are closed. */
  | { readonly kind: "crashed"; readonly message: string };
