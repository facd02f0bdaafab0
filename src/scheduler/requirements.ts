/** Whether a worker is one of those that are named, and has what is asked for. */

import type { WorkerAddress } from "../protocol/identity.ts";
import type { Resources, Restrictions } from "../protocol/task-spec.ts";

/** What a run that is about to make an actor has of its worker's resources, in which nobody else is interested. */
export const ACTOR_TO_BE = "manyhands:actor";

/** Sums of fractions are not exact. */
const EPSILON = 1e-9;

/** Whether it goes by one of `names`, or its address begins with one, as that of every worker of a host does. */
export function isNamed(
  { name, address }: { readonly name: string; readonly address: string },
  names: readonly string[],
): boolean {
  const place = address.slice(address.indexOf("://") + 3);
  return names.some((each) => {
    const prefix = each.endsWith("/") ? each : `${each}/`;
    return each === name || each === address || address.startsWith(prefix) || place.startsWith(prefix);
  });
}

/** What an address says of where its worker is: all workers of a page or process have that in common. */
export function hostOf(address: WorkerAddress): string {
  return address.replace(/^(\w+:\/\/[^/]*).*$/, "$1");
}

/** Whether of what is `there`, after what is `used`, as much is left as is `wanted`. */
export function has(there: Resources, wanted: Resources, used: Iterable<Resources> = []): boolean {
  return missing(there, wanted, used) === 0;
}

/** How much of what is `wanted` is lacking, all kinds taken together. */
export function missing(there: Resources, wanted: Resources, used: Iterable<Resources>): number {
  const taken = [...used];
  let lacking = 0;
  for (const [name, amount] of Object.entries(wanted)) {
    const left = taken.reduce((sum, each) => sum - (each[name] ?? 0), there[name] ?? 0);
    if (left + EPSILON < amount) lacking += amount - left;
  }
  return lacking;
}

/** In words. */
export function describe({ workers = [], resources = {}, allowOtherWorkers = false }: Restrictions): string {
  const names = workers.length === 0 ? "any worker" : workers.join(" or ");
  const amounts = Object.entries(resources).map(([name, amount]) => `${amount} ${name}`);
  return `${names}${allowOtherWorkers ? " or another" : ""}${amounts.length === 0 ? "" : ` with ${amounts.join(", ")}`}`;
}
