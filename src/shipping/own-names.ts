/**
 * Under which names functions refer to the library's own, after whatever a bundler has done to their imports.
 *
 * Workers have the library's names in scope. A bundler that joins modules may have given them others, and so may a minifier: then the
 * library's functions themselves know under which they were declared.
 */

/** Public name and function. Modules add what they declare; what nobody loads is not missed. */
const own = new Map<string, { readonly name: string }>();

/** How often names have been added: what was said of a source before may not hold any more. */
export let namings = 0;

/** Has functions of the library be known by these names in the source of functions that travel. */
export function goByNames(functions: Readonly<Record<string, { readonly name: string }>>): void {
  namings += 1;
  for (const [name, fn] of Object.entries(functions)) own.set(name, fn);
}

/** Names in `source` that may mean something of the library but are not what that is called in workers: each with what it is called there. */
export function aliasesIn(source: string): Readonly<Record<string, string>> | undefined {
  const aliases: Record<string, string> = {};
  for (const [name, fn] of own) {
    const local = fn.name;
    if (local === name || !/^[\w$]+$/.test(local)) continue;
    if (new RegExp(`(?<![\\w$.])${local.replaceAll("$", "\\$")}(?![\\w$])`).test(source)) aliases[local] = name;
  }
  return Object.keys(aliases).length === 0 ? undefined : aliases;
}
