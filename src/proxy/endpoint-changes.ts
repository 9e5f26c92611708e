/** What operators change at run time: checked, laid over the endpoints, and followed by the workers before it is answered. */
import { changeOverlay, type Overlays, removeOverlay } from "../discovery/overlay.js";
import type {
  ChangeProblem,
  ChangeResult,
  EndpointControl,
  OverlayView,
  ParseChange,
} from "../model/endpoint-change.js";
import { type EndpointSets, viewOverlays } from "./endpoint-sets.js";
import type { LogRecord } from "./log-record.js";

export interface EndpointChangesOptions {
  readonly sets: EndpointSets;
  readonly parse: ParseChange;
  /** Runs `task` when everything before it is done. */
  readonly inTurn: (task: () => Promise<ChangeResult>) => Promise<ChangeResult>;
  /**
   * Merges the sets again, lets the workers follow, and writes down what is in force where that was asked for. Resolves with why
   * it could not be written down, where it could not.
   */
  readonly follow: () => Promise<string | undefined>;
  readonly log: (record: LogRecord) => void;
}

export class EndpointChanges implements EndpointControl {
  readonly #options: EndpointChangesOptions;

  constructor(options: EndpointChangesOptions) {
    this.#options = options;
  }

  change(cluster: string, id: string, body: string): Promise<ChangeResult> {
    return this.#inCluster(cluster, async (overlays) => {
      const { sets, parse } = this.#options;
      const isKnown = sets.isNamed(cluster, id) || overlays.has(id);
      const change = parse(body, isKnown ? undefined : id);
      if ("code" in change) return change;
      const problem = await this.#follow(cluster, changeOverlay(overlays, id, change));
      if (problem === undefined) this.#tell("endpoint_changed", cluster, id, isKnown ? "changed" : "added");
      return problem;
    });
  }

  remove(cluster: string, id: string): Promise<ChangeResult> {
    return this.#inCluster(cluster, async (overlays) => {
      const isNamed = this.#options.sets.isNamed(cluster, id);
      if (overlays.get(id)?.removed === true || (!isNamed && !overlays.has(id))) {
        return { code: "NO_ENDPOINT", message: `there is no endpoint ${id}`, hint: undefined };
      }
      const problem = await this.#follow(cluster, removeOverlay(overlays, id, isNamed));
      if (problem === undefined) this.#tell("endpoint_removed", cluster, id, "removed");
      return problem;
    });
  }

  overlays(cluster: string): readonly OverlayView[] {
    return viewOverlays(this.#options.sets.overlays(cluster));
  }

  #inCluster(cluster: string, task: (overlays: Overlays) => Promise<ChangeResult>): Promise<ChangeResult> {
    const { sets, inTurn } = this.#options;
    return inTurn(async () => {
      if (sets.hasCluster(cluster)) return task(sets.overlays(cluster));
      return { code: "NO_CLUSTER", message: `there is no cluster ${cluster}`, hint: "GET /clusters lists them" };
    });
  }

  async #follow(cluster: string, overlays: Overlays): Promise<ChangeProblem | undefined> {
    const { sets, follow } = this.#options;
    sets.propose(cluster, overlays);
    try {
      const unkept = await follow();
      if (unkept === undefined) return undefined;
      const message = `the change is in force, but it will not outlive the process: ${unkept}`;
      return { code: "NOT_KEPT", message, hint: "see adminState in the configuration, then repeat the request" };
    } catch (error) {
      sets.abandon();
      return { code: "REFUSED", message: error instanceof Error ? error.message : String(error), hint: undefined };
    }
  }

  #tell(event: string, cluster: string, id: string, what: string): void {
    const overlay = this.overlays(cluster).find((one) => one.id === id);
    const fields = { cluster, endpoint: id, overlay };
    const message = `endpoint ${id} of cluster ${cluster} was ${what} by an operator`;
    this.#options.log({ level: "info", event, message, fields });
  }
}
