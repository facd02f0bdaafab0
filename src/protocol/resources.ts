/** What users say of resources, looked at before it goes anywhere. */

import type { Resources } from "./task-spec.ts";

/** Whether these are amounts by name. */
export function areResources(value: unknown): value is Resources {
  const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
  return isObject && Object.values(value).every((amount) => Number.isFinite(amount) && amount >= 0);
}

/** @throws TypeError if they are not. */
export function demandResources(value: unknown): asserts value is Resources {
  if (!areResources(value)) throw new TypeError("resources must be amounts, as { gpu: 1 }");
}
