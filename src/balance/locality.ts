/**
 * How much of the load each zone gets. `weighted` is Envoy's locality weighted balancing: a zone has its configured share
 * as far as its endpoints are healthy. `nearest` keeps requests in the own zone as far as its healthy part can take them,
 * for latency and for what traffic between zones costs; it does not know how many others do the same.
 */
import type { LocalitySpec } from "../model/spec.js";

export interface ZoneMember {
  readonly zone: string;
  /** Not negative. */
  readonly weight: number;
  /** Gets traffic at all. */
  readonly eligible: boolean;
}

interface Zone {
  readonly name: string;
  eligible: number;
  total: number;
}

/**
 * The weights in force: 0 for who is not eligible, the same sum as the eligible weights.
 * @param members of one priority level
 */
export function localityWeights(
  members: readonly ZoneMember[],
  spec: LocalitySpec,
  overprovisioning: number,
): Float64Array {
  const own = Float64Array.from(members, ({ weight, eligible }) => (eligible ? weight : 0));
  const zones = groupByZone(members);
  if (spec.mode === "ignore" || zones.size < 2) return own;
  const list = [...zones.values()];
  const shares = zoneShares(list, spec, overprovisioning);
  const total = list.reduce((sum, zone) => sum + zone.eligible, 0);
  const factors = new Map(
    list.map((zone, i) => [zone.name, zone.eligible > 0 ? (shares[i] * total) / zone.eligible : 0]),
  );
  return own.map((weight, i) => weight * factors.get(members[i].zone)!);
}

function zoneShares(zones: readonly Zone[], spec: LocalitySpec, overprovisioning: number): number[] {
  const weightOf = new Map(spec.weights.map(({ zone, weight }) => [zone, weight]));
  const health = ({ eligible, total }: Zone) => (total > 0 ? Math.min(1, (overprovisioning * eligible) / total) : 0);
  const claims = zones.map((zone) => (weightOf.get(zone.name) ?? 1) * health(zone));
  if (spec.mode === "weighted") return normalized(claims, 1);
  const own = zones.findIndex((zone) => zone.name === spec.own);
  // Elsewhere it is capacity that counts: three times as many endpoints take three times as much of what is left over.
  const others = claims.map((claim, i) => (i === own ? 0 : claim * zones[i].eligible));
  const isAlone = others.every((claim) => claim === 0);
  const kept = own < 0 ? 0 : isAlone ? 1 : health(zones[own]);
  const shares = normalized(others, 1 - kept);
  if (own >= 0) shares[own] = kept;
  return shares;
}

/** In proportion, with this sum; all 0 if there is nothing to go by. */
function normalized(claims: readonly number[], sum: number): number[] {
  const all = claims.reduce((total, claim) => total + claim, 0);
  return claims.map((claim) => (all > 0 ? (claim / all) * sum : 0));
}

function groupByZone(members: readonly ZoneMember[]): Map<string, Zone> {
  const zones = new Map<string, Zone>();
  for (const { zone: name, weight, eligible } of members) {
    let zone = zones.get(name);
    if (zone === undefined) zones.set(name, (zone = { name, eligible: 0, total: 0 }));
    zone.total += weight;
    if (eligible) zone.eligible += weight;
  }
  return zones;
}
