/** Describes a function, class or module export so that a worker can have it too: as text, as an address or as a name. */

import { RecentMap } from "../collections/recent-map.ts";
import { UnserializableError } from "../protocol/errors.ts";
import { hash } from "./hash.ts";
import { aliasesIn, namings } from "./own-names.ts";
import {
  describeHandle,
  FUNCTION_MARK,
  type FutureLike,
  HANDLE_MARK,
  isFutureLike,
  isPlainObject,
  REFERENCE_MARK,
} from "./plain-data.ts";

/** Whatever can be called or constructed. */
export type AnyFunction = ((...args: never) => unknown) | (abstract new (...args: never) => unknown);

/** A function on its way. Equal hashes mean functions that do the same wherever they are compiled. */
export type FunctionSpec =
  /** An expression, and the names to put in its scope. Functions among these are {@link FunctionMark}s. */
  | {
      readonly kind: "source";
      readonly name: string;
      readonly source: string;
      readonly bindings?: Readonly<Record<string, unknown>>;
      /** Names that may mean something of the library, with what that is called where it runs: see `own-names.ts`. */
      readonly aliases?: Readonly<Record<string, string>>;
      /** For one that was taken along and travels on by itself: the hash of what it was taken along with. */
      readonly family?: string;
      readonly hash: string;
    }
  /** An export of a module, which whoever runs it imports. */
  | {
      readonly kind: "module";
      readonly name: string;
      readonly url: string;
      readonly exportName: string;
      readonly hash: string;
    }
  /** Something every realm has: `Math.max`. */
  | { readonly kind: "builtin"; readonly name: string; readonly path: string; readonly hash: string };

export interface FunctionMark {
  readonly [FUNCTION_MARK]: FunctionSpec;
}

/** The function that `value` stands for, if it does. */
export function markedFunction(value: unknown): FunctionSpec | undefined {
  return (value as FunctionMark | null | undefined)?.[FUNCTION_MARK];
}

/** The exports of a module that can be called or constructed. */
export type ModuleReferences<M> = {
  readonly [Name in keyof M as Name extends "then" | symbol
    ? never
    : M[Name] extends AnyFunction
      ? Name
      : never]: M[Name];
};

/** One for every copy of the library in a thread: the worker's own, and the one that a user's module imports there. */
const PLACE = Symbol.for("manyhands.functions");
const places = globalThis as { [PLACE]?: WeakMap<object, FunctionSpec> };
places[PLACE] ??= new WeakMap();
const specs = places[PLACE];

/** What was said lately of functions with this text: a loop that writes a function down makes another of the same text each time. */
const ofText = new RecentMap<string, { readonly spec: FunctionSpec; readonly namings: number }>(128);
const LONGEST_TEXT = 10_000;

/**
 * Says what a worker needs to have `fn` too; asked again, or of another of the same name and text, it answers with the same object.
 *
 * @param path - where `fn` was found, for the error.
 * @throws {@link UnserializableError} if there is no source text to send: bound functions, most native ones, accessors.
 */
export function describeFunction(fn: AnyFunction, path = ""): FunctionSpec {
  const known = specs.get(fn);
  if (known !== undefined) return known;
  const text = Function.prototype.toString.call(fn);
  const alike = ofText.get(text);
  if (alike?.namings === namings && alike.spec.name === fn.name) return alike.spec;
  const spec = describe(fn, text, path);
  specs.set(fn, spec);
  if (spec.kind === "source" && text.length <= LONGEST_TEXT) ofText.set(text, { spec, namings });
  return spec;
}

/** Has `fn`, which was made of `spec` here, travel on as it came. */
export function knowAs(fn: AnyFunction, spec: FunctionSpec): void {
  if (!specs.has(fn)) specs.set(fn, spec);
}

/** Lets functions travel by name: workers have them in scope, and their source means nothing elsewhere. */
export function travelByName(functions: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(functions)) {
    if (typeof value === "function") specs.set(value, builtin(name, name));
  }
}

function builtin(name: string, path: string): FunctionSpec {
  return { kind: "builtin", name, path, hash: hash(`builtin ${path}`) };
}

function describe(fn: AnyFunction, text: string, path: string): FunctionSpec {
  const refuse = (why: string): never => {
    throw new UnserializableError(`${path || name || "this function"} cannot travel: ${why}`, { path });
  };
  const name = typeof fn.name === "string" ? fn.name : ""; // A class may have a static method called name.
  const isNative = /\{\s*\[native code\]\s*\}$/.test(text);
  const global = isNative || writtenInScript.test(name) ? globalPath(fn, name) : undefined;
  if (global) return builtin(name, global);
  if (isNative) refuse("it is bound or native and has no source text; wrap it, as in (...args) => f(...args)");
  if (accessor.test(text)) refuse("it is a getter or setter; wrap it in a function that takes the object");
  const source = asExpression(fn, name, text);
  // Its own name tells functions apart only where they may call themselves by it.
  const spec = { kind: "source", name, source, hash: hash(`${source.includes(name) ? name : ""} ${source}`) } as const;
  const aliases = aliasesIn(source);
  return aliases === undefined ? spec : { ...spec, aliases, hash: hash(`${spec.hash} ${JSON.stringify(aliases)}`) };
}

/** Globals that Node writes in JavaScript: they have source text, but it only works where it stands. */
const writtenInScript =
  /^(fetch|atob|btoa|queueMicrotask|structuredClone|(set|clear)(Timeout|Interval|Immediate)|URL)$/;

/** `Math.max`, if that is what the global object calls it. Other accessors than `name` stay unread: some warn, some throw. */
function globalPath(fn: AnyFunction, name: string): string | undefined {
  if (Reflect.get(globalThis, name) === fn) return name;
  const fieldOf = (owner: object, key: string) => Object.getOwnPropertyDescriptor(owner, key)?.value;
  const owner = Object.getOwnPropertyNames(globalThis).find(
    (key) => fieldOf(Object(fieldOf(globalThis, key)), name) === fn,
  );
  return owner && `${owner}.${name}`;
}

// Written so that each text is matched in one way only: what can be matched in many takes for ever to fail.
const comment = String.raw`/\*(?:[^*]|\*(?!/))*\*/|//.*[\n\r\u2028\u2029]`;
const trivia = String.raw`(?:\s|${comment})*`;
const asyncWord = new RegExp(`^async\\b${trivia}`);
const starWord = new RegExp(`^(?:\\*${trivia})?`);
const accessor = new RegExp(`^[gs]et(?=[\\s/["'#])${trivia}[^(\\s/=]`);
/** How a function starts that is an expression as it stands: by that word, by parameters, or by the only parameter. */
const expressionStart = new RegExp(`^(?:function[\\s*(/]|\\(|[^\\s()[\\]{}"'*/=#]+${trivia}=>)`);
const METHOD_OPENS = "Object.values({";

/** Methods are no expressions: they are put into an object, and taken out again. */
function asExpression(fn: AnyFunction, name: string, text: string): string {
  const isClass = Object.getOwnPropertyDescriptor(fn, "prototype")?.writable === false;
  const isAsync = Object.prototype.toString.call(fn).startsWith("[object Async");
  const sync = isAsync ? text.replace(asyncWord, "") : text;
  if (isClass || expressionStart.test(sync)) return text;
  const [star] = starWord.exec(sync) as unknown as [string];
  let method = sync.slice(star.length).replace(/^#/, "");
  // What a computed name was computed from stays behind.
  if (method.startsWith("[")) method = JSON.stringify(name) + method.slice(closingBracket(method));
  return `${METHOD_OPENS}${isAsync ? "async " : ""}${star}${method}})[0]`;
}

/** Whether functions like it are known to themselves by their name: methods are not. */
export function knowsItself({ name, source }: FunctionSpec & { readonly kind: "source" }): boolean {
  return isName(name) && !source.startsWith(METHOD_OPENS);
}

const stringsAndBrackets = new RegExp(String.raw`(["'\x60])(?:\\[^]|(?!\1)[^\\])*\1|${comment}|[[\]]`, "g");

function closingBracket(text: string): number {
  let depth = 0;
  for (const { 0: token, index } of text.matchAll(stringsAndBrackets)) {
    if (token === "[") depth++;
    if (token === "]" && --depth === 0) return index + 1;
  }
  return text.length;
}

const reserved =
  "arguments await break case catch class const continue debugger default delete do else enum eval export extends false " +
  "finally for function if implements import in instanceof interface let new null package private protected public return " +
  "static super switch this throw true try typeof var void while with yield";

function isName(name: string): boolean {
  return /^[\p{ID_Start}$_][\p{ID_Continue}$\u200c\u200d]*$/u.test(name) && !reserved.split(" ").includes(name);
}

/**
 * The same function, with names to take along: values, functions and classes that it uses and that are not its own.
 *
 * Data is captured now: what becomes of the arrays, objects, maps, sets and buffers later is not seen. Functions among the
 * bindings see the other bindings too. Called here, it is `fn`.
 *
 * @throws TypeError if something cannot be a name, or if `fn` is no source text to bind names in.
 * @throws {@link UnserializableError} if a binding cannot travel.
 * @example
 * ```ts
 * const scale = 3;
 * const double = (x: number) => x * 2;
 * client.submit(closure({ scale, double }, (x: number) => double(x) * scale), 7); // 42
 * ```
 */
export function closure<F extends AnyFunction>(bindings: Readonly<Record<string, unknown>>, fn: F): F {
  const spec = describeFunction(fn);
  if (spec.kind !== "source") throw new TypeError(`${spec.name} travels by name: there is no source to bind names in`);
  for (const name of Object.keys(bindings)) {
    if (!isName(name)) throw new TypeError(`closure() cannot bind "${name}": no function can use that name`);
  }
  const contents = [spec.hash];
  const futures = new Set(boundFutures.get(spec));
  const packed = pack({ ...bindings }, "bindings", [], contents, futures) as Record<string, unknown>;
  const bound = new Proxy(fn, {});
  const boundSpec = { ...spec, bindings: { ...spec.bindings, ...packed }, hash: hash(contents.join()) };
  if (futures.size > 0) boundFutures.set(boundSpec, futures);
  specs.set(bound, boundSpec);
  return bound;
}

/** Futures that functions take along, with those of the functions among what they take along. */
const boundFutures = new WeakMap<FunctionSpec, ReadonlySet<FutureLike>>();

export function futuresBoundIn(spec: FunctionSpec): ReadonlySet<FutureLike> | undefined {
  return boundFutures.get(spec);
}

/** Copies what is plain data, describes functions and futures, keeps the rest by reference, and writes what it saw to `contents`. */
function pack(
  value: unknown,
  path: string,
  above: readonly object[],
  contents: string[],
  futures: Set<FutureLike>,
): unknown {
  if (typeof value === "function") {
    const spec = describeFunction(value as AnyFunction, path);
    contents.push(spec.hash);
    for (const future of boundFutures.get(spec) ?? []) futures.add(future);
    return { [FUNCTION_MARK]: spec } satisfies FunctionMark;
  }
  if (typeof value === "symbol") throw new UnserializableError(`${path} is a symbol, which cannot travel`, { path });
  if (typeof value !== "object" || value === null) {
    contents.push(
      typeof value === "string" ? JSON.stringify(value) : typeof value + (Object.is(value, -0) ? "-0" : value),
    );
    return value;
  }
  if (isFutureLike(value)) {
    contents.push("future", value.key);
    futures.add(value);
    return { [REFERENCE_MARK]: value.key };
  }
  if (above.includes(value)) {
    throw new UnserializableError(`${path} leads back to what it is part of; pass such data as an argument`, { path });
  }
  const inside = [...above, value];
  const tag = Object.prototype.toString.call(value).slice(8, -1);
  contents.push(tag);
  if (Array.isArray(value) || value instanceof Map || value instanceof Set) {
    const items = Array.from(value as Iterable<unknown>, (each, i) =>
      pack(each, `${path}[${i}]`, inside, contents, futures),
    );
    contents.push("]");
    if (value instanceof Map) return new Map(items as [unknown, unknown][]);
    return value instanceof Set ? new Set(items) : items;
  }
  const handle = describeHandle(value);
  if (handle !== undefined) return { [HANDLE_MARK]: pack(handle, path, inside, contents, futures) };
  if (isPlainObject(value)) {
    const pieces: string[] = [];
    const copies = Object.entries(value).map(([key, each]) => {
      const piece = [JSON.stringify(key)];
      const copy = pack(each, `${path}.${key}`, inside, piece, futures);
      pieces.push(piece.join());
      return [key, copy];
    });
    contents.push(pieces.sort().join(), "}"); // Sorted, for the order of its keys does not make another object.
    return Object.fromEntries(copies);
  }
  const buffer = ArrayBuffer.isView(value) ? value.buffer : value;
  if (buffer instanceof ArrayBuffer) {
    const { byteOffset = 0, byteLength } = value as ArrayBuffer & { byteOffset?: number };
    const bytes = buffer.slice(byteOffset, byteOffset + byteLength);
    contents.push(hash(byteLength % 4 ? new Uint8Array(bytes) : new Uint32Array(bytes)));
    return buffer === value ? bytes : new (Reflect.get(globalThis, tag))(bytes);
  }
  if (tag === "Date" || tag === "RegExp") {
    contents.push(`${Number(value)}${value}`);
    return new (value.constructor as new (original: object) => object)(value);
  }
  contents.push(identityOf(value));
  return value;
}

const identities = new WeakMap<object, string>();
let realm = "";
let identified = 0;

/** What is only equal to itself gets a name that no other realm gives, for hashes meet on workers. */
function identityOf(value: object): string {
  realm ||= `${Math.random()}`;
  const identity = identities.get(value) ?? `${realm} ${identified++}`;
  identities.set(value, identity);
  return identity;
}

/**
 * The exports of a module, to be submitted without being loaded here: whoever runs them imports the module.
 *
 * @throws TypeError if `url` is not absolute. Calling a reference throws as well: there is nothing behind it here.
 * @example
 * ```ts
 * const { render } = fromModule<typeof import("./work.js")>(new URL("./work.js", import.meta.url));
 * client.submit(render, tile);
 * ```
 */
export function fromModule<M>(url: { readonly href: string } | string): ModuleReferences<M> {
  const href = absoluteUrl(url);
  return new Proxy(Object.create(null), {
    get(made, name) {
      if (typeof name === "symbol" || name === "then") return undefined; // A promise must be able to hold it.
      made[name] ??= reference(href, name);
      return made[name];
    },
  });
}

/** @throws TypeError if it is not absolute: it would mean something else where it is used. */
export function absoluteUrl(url: { readonly href: string } | string): string {
  const { URL } = globalThis as unknown as { URL: new (url: string) => { readonly href: string } };
  try {
    return new URL(String(url)).href;
  } catch (cause) {
    throw new TypeError(`"${url}" is no absolute URL; write new URL("./work.js", import.meta.url)`, { cause });
  }
}

function reference(url: string, exportName: string): AnyFunction {
  function refuse(): never {
    throw new TypeError(
      `${exportName} is a reference to ${url}: give it to submit(), or import the module to call it here`,
    );
  }
  Object.defineProperty(refuse, "name", { value: exportName });
  specs.set(refuse, describeExport(url, exportName));
  return refuse;
}

export function describeExport(url: string, exportName: string): FunctionSpec {
  return { kind: "module", name: exportName, url, exportName, hash: hash(`module ${url} ${exportName}`) };
}
