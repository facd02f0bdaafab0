/** A plugin as it travels: its fields and its methods, its classes' too, as one plain object. */

import type { WorkerPlugin } from "../shipping/plugin.ts";

const HOOKS = ["setup", "teardown", "transition"] as const;

/**
 * `capture`: see `argument-capture.ts`; it is given rather than imported, for what the core had in common with what is loaded later
 * would be split off it.
 *
 * @throws TypeError if it is no plugin, {@link UnserializableError} naming the field or method that cannot travel.
 */
export function capturePlugin(
  plugin: WorkerPlugin,
  capture: (value: unknown, path: string) => { readonly value: unknown },
): { readonly name: string; readonly plugin: unknown } {
  if (typeof plugin !== "object" || plugin === null) {
    throw new TypeError(
      `a plugin must be an object with a name and setup(), teardown() or transition(), not ${plugin}`,
    );
  }
  const { name } = plugin;
  if (typeof name !== "string" || name === "") throw new TypeError("a plugin must have a name");
  if (HOOKS.every((hook) => plugin[hook] === undefined)) {
    throw new TypeError(`plugin ${name} does nothing: give it setup(), teardown() or transition()`);
  }
  for (const hook of HOOKS) {
    const method: unknown = plugin[hook];
    if (method !== undefined && typeof method !== "function") {
      throw new TypeError(`${hook} of plugin ${name} must be a function, not ${typeof method}`);
    }
  }
  return { name, plugin: capture(flatten(plugin), `plugin ${name}`).value };
}

/** Own fields, and the methods of its classes, those of the nearest first. */
function flatten(plugin: object): Record<string, unknown> {
  const flat: Record<string, unknown> = { ...plugin };
  for (let from = Object.getPrototypeOf(plugin); from !== null && Object.getPrototypeOf(from) !== null; ) {
    for (const key of Object.getOwnPropertyNames(from)) {
      const { value } = Object.getOwnPropertyDescriptor(from, key) as PropertyDescriptor;
      if (key !== "constructor" && typeof value === "function" && !Object.hasOwn(flat, key)) flat[key] = value;
    }
    from = Object.getPrototypeOf(from);
  }
  return flat;
}
