/** How a change of one endpoint at run time ends: what the admin API answers. */
import type { Address } from "./address.js";

/** Keys of the JSON body; one that is not there stays as it is, undefined (null in JSON) goes back to the configuration. */
export interface EndpointChange {
  readonly address?: Address | undefined;
  readonly weight?: number | undefined;
  readonly maxConnections?: number | undefined;
  readonly drain?: boolean;
}

export interface ChangeProblem {
  /**
   * `NO_CLUSTER` and `NO_ENDPOINT`: there is none of that name. `INVALID`: the body is not right. `REFUSED`: it cannot be now.
   * `NOT_KEPT`: it was done, but could not be written down.
   */
  readonly code: "NO_CLUSTER" | "NO_ENDPOINT" | "INVALID" | "REFUSED" | "NOT_KEPT";
  readonly message: string;
  readonly hint: string | undefined;
}

/** undefined = done. */
export type ChangeResult = ChangeProblem | undefined;

/** What was changed at run time, as pages show it. */
export interface OverlayView {
  readonly id: string;
  readonly address: string | undefined;
  readonly weight: number | undefined;
  readonly maxConnections: number | undefined;
  readonly drain: boolean;
  readonly removed: boolean;
}

/** Changes endpoints of a running process. Each call waits for its turn and for the workers. */
export interface EndpointControl {
  /** @param body JSON text, as it came */
  change(cluster: string, id: string, body: string): Promise<ChangeResult>;
  remove(cluster: string, id: string): Promise<ChangeResult>;
  overlays(cluster: string): readonly OverlayView[];
}

/** Reads the JSON of a change; problems in the words of the configuration. @param id of an endpoint that would be new */
export type ParseChange = (body: string, id: string | undefined) => EndpointChange | ChangeProblem;
