/**
 * Under which names functions refer to the library's own, after whatever a bundler or a compiler has done to their imports.
 *
 * Workers have the library's names in scope. A bundler that joins modules may have given them others, and so may a minifier: then the
 * functions themselves know under which they were declared. Where imports become members of something, that something is found by its name.
 */

/** Public name and function. Modules add what they declare; what nobody loads is not missed. */
const own = new Map<string, { readonly name: string }>();

/** Has functions of the library be known by these names in the source of functions that travel. */
export function goByNames(functions: Readonly<Record<string, { readonly name: string }>>): void {
  for (const [name, fn] of Object.entries(functions)) own.set(name, fn);
}

/** What webpack (as long as it keeps names), Vitest, esbuild and TypeScript make of `import … from "manyhands"` where imports become members. */
const namespaces =
  /\b(?:\w*__WEBPACK_IMPORTED_MODULE_\d+__|__vi_import_\d+__|__vite_ssr_import_\d+__|import_manyhands\w*|manyhands_\d+)\.(\w+)/g;

/** Names in `source` that mean something of the library but are not what it is called in workers: each with what it is called there. */
export function aliasesIn(source: string): {
  readonly names: Map<string, string>;
  readonly members: Map<string, Set<string>>;
} {
  const names = new Map<string, string>();
  for (const [name, fn] of own) {
    const local = fn.name;
    if (local === name || !/^[\w$]+$/.test(local)) continue;
    if (new RegExp(`(?<![\\w$.])${local.replaceAll("$", "\\$")}(?![\\w$])`).test(source)) names.set(local, name);
  }
  const members = new Map<string, Set<string>>();
  for (const { 0: path, 1: member = "" } of source.matchAll(namespaces)) {
    if (!own.has(member)) continue;
    const namespace = path.slice(0, -member.length - 1);
    members.set(namespace, (members.get(namespace) ?? new Set()).add(member));
  }
  return { names, members };
}
