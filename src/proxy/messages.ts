/** What the main thread and its workers say to each other. Plain data: everything survives structured cloning. */
import type { Plan } from "../cluster/plan.js";
import type { Slots } from "../cluster/slots.js";
import type { EngineKind } from "../engine/engine.js";
import type { Address } from "../model/address.js";
import type { FailureRow } from "../model/outcome.js";
import type { ListenerSpec, ProcessLimits, Spec } from "../model/spec.js";
import type { SlotMap } from "../observe/slots.js";
import type { LogRecord } from "./log-record.js";
import type { SourceBufferMap } from "./source-buffers.js";

/** Given to a worker when its thread starts. */
export interface WorkerStart {
  readonly worker: number;
  readonly workers: number;
  readonly engine: Spec["engine"];
  readonly limits: ProcessLimits;
  readonly metrics: SharedArrayBuffer;
  readonly shared: SharedArrayBuffer;
  readonly logRing: SharedArrayBuffer;
  /** What a native engine has open (engine/native/descriptors.ts): to be closed should the thread die without doing so. */
  readonly descriptors: SharedArrayBuffer;
  readonly seed: number;
  /** Of this process: keys what a configuration names no secret for. */
  readonly secret: string;
  /** When the process's clock (the main thread's `performance.now`) was 0, milliseconds since 1970. */
  readonly timeOrigin: number;
}

/** A configuration and where its figures are counted. */
export interface Snapshot {
  readonly spec: Spec;
  readonly slots: Slots;
  /** By cluster name. */
  readonly plans: ReadonlyMap<string, Plan>;
  readonly metricSlots: SlotMap;
  /** Memory of the clusters with persistence by address. */
  readonly sources: SourceBufferMap;
}

/** A listener and the address at which it is bound. */
export interface Named {
  readonly name: string;
  readonly address: Address;
}

export type ToWorker =
  /** Bind what these need and is not bound yet: all that can fail of a configuration. Answered by `done`. */
  | { readonly kind: "prepare"; readonly id: number; readonly listeners: readonly ListenerSpec[] }
  /** Follow this configuration from now on. Answered by `done`. */
  | { readonly kind: "apply"; readonly id: number; readonly snapshot: Snapshot }
  /** These clusters have other endpoints from now on; all else stays. Answered by `done`. */
  | { readonly kind: "amend"; readonly id: number; readonly part: Snapshot }
  /** Choose by this plan from now on. */
  | { readonly kind: "plan"; readonly cluster: string; readonly plan: Plan }
  /** Stop accepting, finish what runs; abort what is left at the deadline (milliseconds from now), then `drained`. */
  | { readonly kind: "drain"; readonly deadlineMs: number }
  | { readonly kind: "stop" };

/** How a worker answers `prepare`, `apply` and `amend`; with an error nothing was changed. */
export interface Answer {
  readonly error: string | undefined;
  readonly listening: readonly Named[];
}

export type FromWorker =
  | {
      readonly kind: "ready";
      readonly engine: EngineKind;
      readonly reason: string;
      /** Several workers can listen on one port. */
      readonly sharesPorts: boolean;
      /** 8 bytes written to it wake the worker; the main thread closes it. -1 = messages wake it by themselves. */
      readonly wakeFd: number;
    }
  | { readonly kind: "done"; readonly id: number; readonly answer: Answer }
  | { readonly kind: "drained" }
  | { readonly kind: "failures"; readonly cluster: string; readonly endpoint: string; readonly row: FailureRow }
  | { readonly kind: "log"; readonly record: LogRecord }
  /** The last message of a worker that dies. */
  | { readonly kind: "crashed"; readonly message: string };
