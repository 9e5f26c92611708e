/** How often each check of each cluster passed and failed, for the metrics. Counts of a cluster last as long as it does. */

export interface CheckCount {
  readonly check: string;
  passed: number;
  failed: number;
}

export class CheckCounts {
  readonly #clusters = new Map<string, Map<string, CheckCount>>();

  add(cluster: string, check: string, passed: boolean): void {
    const count = this.#countOf(cluster, check);
    if (passed) count.passed++;
    else count.failed++;
  }

  /** Of these checks, zeroes included. */
  of(cluster: string, checks: readonly string[]): CheckCount[] {
    return checks.map((check) => this.#countOf(cluster, check));
  }

  forget(cluster: string): void {
    this.#clusters.delete(cluster);
  }

  #countOf(cluster: string, check: string): CheckCount {
    let checks = this.#clusters.get(cluster);
    if (checks === undefined) this.#clusters.set(cluster, (checks = new Map()));
    let count = checks.get(check);
    if (count === undefined) checks.set(check, (count = { check, passed: 0, failed: 0 }));
    return count;
  }
}
