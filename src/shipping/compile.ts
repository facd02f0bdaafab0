/** Makes functions of their descriptions again: the one place that evaluates code. */

import {
  type AnyFunction,
  describeExport,
  type FunctionSpec,
  knowAs,
  knowsItself,
  markedFunction,
} from "./function-source.ts";
import { hash } from "./hash.ts";
import type { Revive } from "./plain-data.ts";
import { refuseHandle, restore } from "./restore.ts";

type Names = Readonly<Record<string, unknown>>;
type SourceSpec = FunctionSpec & { readonly kind: "source" };
type Compiled = AnyFunction | Promise<AnyFunction>;

/** By this name a text tells of the functions that were taken along with it, so that these can travel on by themselves. */
const KNOW = "manyhands$know";

/** What esbuild puts calls of into function bodies, and keeps outside of them. */
const compilerHelpers: Names = {
  __name: (target: object, value: string) => Object.defineProperty(target, "name", { value, configurable: true }),
  __publicField: (target: object, key: PropertyKey, value: unknown) =>
    Object.defineProperty(target, key, { value, configurable: true, enumerable: true, writable: true }) && value,
};

/**
 * The function that `spec` describes; at once where the platform allows it, else as a promise.
 *
 * @param scope - names that every function from source finds in scope, unless its bindings say otherwise.
 * @param compileInner - has functions among the bindings compiled, so that the caller can keep these too.
 * @param claim - makes a future among the bindings of its key.
 * @param revive - makes a handle among the bindings of its description.
 * @throws whatever evaluating it throws: a class may extend something that is not there ({@link explainReferenceError}).
 */
export function compile(
  spec: FunctionSpec,
  scope: Names,
  compileInner: (inner: FunctionSpec) => Compiled = (inner) => compile(inner, scope),
  claim: (key: string) => unknown = () => undefined,
  revive: Revive = refuseHandle,
): Compiled {
  switch (spec.kind) {
    case "module":
      return importExport(spec.url, spec.exportName);
    case "builtin":
      return lookUp(spec.path, scope);
    case "source":
      return evaluate(spec, scope, compileInner, claim, revive);
  }
}

function evaluate(
  spec: SourceSpec,
  scope: Names,
  compileInner: (inner: FunctionSpec) => Compiled,
  claim: (key: string) => unknown,
  revive: Revive,
): Compiled {
  const { bindings = {} } = spec;
  const carried: Record<string, unknown> = {};
  /** As a module would have it: what is declared there sees all the rest. */
  let body = '"use strict";';
  const declared = new Map<string, SourceSpec>();
  for (const [name, value] of Object.entries(bindings)) {
    const inner = markedFunction(value);
    if (inner?.kind === "source" && !inner.bindings) {
      body += `const ${name}=${asOperand(inner, scope, bindings)};`;
      declared.set(name, inner);
    } else carried[name] = value;
  }
  if (declared.size > 0) body += `${KNOW}({${[...declared.keys()]}});`;
  body += `return ${asOperand(spec, scope, bindings)}\n//# sourceURL=manyhands:${encodeURIComponent(spec.name)}`;

  const around: Record<string, unknown> = {
    [KNOW]: (functions: Readonly<Record<string, AnyFunction>>) => {
      // On their way they take along what they have around them here.
      for (const [name, inner] of declared) {
        const { family = spec.hash } = spec;
        const itsHash = hash(`${inner.hash} in ${family}`);
        knowAs(functions[name] as AnyFunction, { ...inner, bindings, family, hash: itsHash });
      }
    },
  };
  for (const [name, value] of namesAround(body, scope)) if (!Object.hasOwn(bindings, name)) around[name] = value;
  for (const { aliases = {} } of [spec, ...declared.values()]) {
    for (const [alias, name] of Object.entries(aliases)) {
      if (Object.hasOwn(scope, name) && !Object.hasOwn(bindings, alias)) around[alias] ??= scope[name];
    }
  }
  const run = (values: unknown) => instantiate(spec, { ...around, ...(values as Names) }, body);
  const values = restore(carried, (key) => claim(`${key}`), compileInner, revive);
  return values instanceof Promise ? values.then(run) : run(values);
}

/** What only the platform's Event is good for. */
const platformsOwn = /\bdispatchEvent\b|\b(?:extends|instanceof)\s+Event\b/;

/** What of the library and of the compilers' helpers a text mentions, under the names that bundlers give to imports too. */
function* namesAround(text: string, scope: Names): Iterable<[name: string, value: unknown]> {
  for (const [name, value] of Object.entries({ ...compilerHelpers, ...scope })) {
    if (text.includes(name) && !(name in globalThis && platformsOwn.test(text))) yield [name, value];
  }
  // getClient2, Queue$1
  for (const [alias, name = ""] of text.matchAll(/\b(\w+?)\$?\d+\b/g)) {
    if (Object.hasOwn(scope, name)) yield [alias, scope[name]];
  }
  // manyhands.getClient, __vite_ssr_import_0__.getClient, manyhands__WEBPACK_IMPORTED_MODULE_0__.getClient
  for (const [, alias = "", name = ""] of text.matchAll(/\b(\w*(?:manyhands|_import_|_IMPORTED_MODULE_)\w*)\.(\w+)/g)) {
    if (Object.hasOwn(scope, name)) yield [alias, scope];
  }
}

/** Text of the function that may stand after `=` or `return`; functions that may call themselves by their name can. */
function asOperand(spec: SourceSpec, scope: Names, bindings: Names): string {
  const { name, source } = spec;
  const isTaken = Object.hasOwn(bindings, name) || name in scope || name in globalThis;
  return isTaken || !knowsItself(spec) ? `(${source})` : `(()=>{const ${name}=${source};return ${name}})()`;
}

/** Evaluates a text that returns a function, with `values` in scope. */
function instantiate(spec: SourceSpec, values: Names, body: string): Compiled {
  const names = Object.keys(values);
  const call = (factory: (...values: unknown[]) => AnyFunction) => {
    const made = factory(...Object.values(values));
    knowAs(made, spec);
    return made;
  };
  const explain = (error: unknown): never => {
    if (!(error instanceof SyntaxError)) throw error;
    throw new SyntaxError(
      `${error.message} in ${spec.name || "a function"} as it travelled: its source must make sense \
by itself; put it in a module and use fromModule() where it cannot`,
      { cause: error },
    );
  };
  try {
    return call(new Function(...names, body) as () => AnyFunction);
  } catch (error) {
    if (!(error instanceof EvalError)) return explain(error);
  }
  // A content security policy forbids that; modules from text it may allow.
  return importText(`export default function(${names}){${body}\n}`)
    .then(({ default: factory }) => call(factory))
    .catch(explain);
}

function importText(text: string) {
  // Node loads no blob: URLs, and pages seldom allow data: ones.
  if (globalThis.process?.versions?.node) return load(`data:text/javascript,${encodeURIComponent(text)}`);
  const url = URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
  return load(url).finally(() => URL.revokeObjectURL(url));
}

/** There in threads where `import` itself does not work: see `adapters/worker-thread-data.ts`. */
declare const importHere: undefined | ((url: string) => Promise<Readonly<Record<string, unknown>>>);

/** Imports a module. Bundlers leave this import alone: what it names is only known when it runs. */
export function load(url: string) {
  if (typeof importHere === "function") return importHere(url);
  return import(/* webpackIgnore: true */ /* @vite-ignore */ url);
}

async function importExport(url: string, exportName: string): Promise<AnyFunction> {
  const exports = await load(url);
  for (const [name, value] of Object.entries(exports)) {
    if (typeof value === "function") knowAs(value as AnyFunction, describeExport(url, name));
  }
  const found = exports[exportName];
  if (typeof found === "function") return found;
  const others = Object.keys(exports).join(", ") || "nothing";
  throw new TypeError(`${url} exports no function or class "${exportName}"; what it exports is ${others}`);
}

function lookUp(path: string, scope: Names): AnyFunction {
  const start: unknown = Object.hasOwn(scope, path) ? scope : globalThis;
  const found = path.split(".").reduce((owner, key) => (owner as Names | undefined)?.[key], start);
  if (typeof found === "function") return found as AnyFunction;
  throw new TypeError(`${path} does not exist on this worker; call it where it does, and pass on what it returns`);
}

/** Has a ReferenceError about a variable that stayed behind say so, and what to do; anything else comes back untouched. */
export function explainReferenceError(error: unknown, spec: FunctionSpec): unknown {
  if (!(error instanceof ReferenceError) || spec.kind !== "source") return error;
  const [, spoken, found = spoken] = /^(\S+) is not defined$|^Can't find variable: (\S+)$/.exec(error.message) ?? [];
  if (!found || found in globalThis) return error;
  const message = `${found} is not defined where ${spec.name || "the function"} runs: functions travel without the variables \
around them. Take it along with closure({ ${found} }, ${spec.name || "fn"}), pass it as an argument, or put the function in \
a module and use fromModule().${found.length < 3 ? " (If a minifier chose that name, the module is the way.)" : ""}`;
  const stack = error.stack?.replace(error.message, () => message);
  return Object.defineProperty(new ReferenceError(message), "stack", {
    value: stack,
    configurable: true,
    writable: true,
  });
}
