/** Functions, classes and references to modules are described so that equal ones are described equally, and impossible ones refused. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { runInThisContext } from "node:vm";
import { UnserializableError } from "../../src/protocol/errors.ts";
import {
  type AnyFunction,
  closure,
  describeFunction,
  type FunctionMark,
  type FunctionSpec,
  fromModule,
  travelByName,
} from "../../src/shipping/function-source.ts";
import { FUNCTION_MARK } from "../../src/shipping/plain-data.ts";

type Spec<Kind extends FunctionSpec["kind"]> = FunctionSpec & { readonly kind: Kind };

/** The function that a text means; as text, for a compiler would write it anew. */
function read(text: string): AnyFunction {
  return runInThisContext(text);
}

function specOf<Kind extends FunctionSpec["kind"]>(kind: Kind, fn: AnyFunction): Spec<Kind> {
  const spec = describeFunction(fn);
  assert.equal(spec.kind, kind);
  return spec as Spec<Kind>;
}

const sourceOf = (text: string) => specOf("source", read(text)).source;
const bindingsOf = (fn: AnyFunction) => specOf("source", fn).bindings as Record<string, unknown>;
const hashOf = (fn: AnyFunction) => describeFunction(fn).hash;

describe("describeFunction()", () => {
  it("takes functions, arrows and classes as they were written", () => {
    for (const text of [
      "function f(a, b) { return a + b; }",
      "function /* why */ (a) { return a; }",
      "function* g() { yield 1; }",
      "async function f() {}",
      "async function* g() {}",
      "(a, b) => a + b",
      "x => x",
      "async => async",
      "get => get",
      "static_ => static_",
      "$ /* money */ => $",
      "async (x) => x",
      "async x => x",
      "async /* later */ (x = ')') => x",
      "async async => async",
      "({ a, b: [c] } = {}, ...rest) => rest",
      "class A { #secret = 1; static b() {} get c() { return this.#secret; } }",
      "class extends Array {}",
      "class{}",
      "function() { return 'a method called function'; }",
      "async function() { return 'and another'; }",
    ]) {
      assert.equal(sourceOf(`(${text})`), text);
    }
  });

  it("makes expressions of methods, whatever they are called", () => {
    for (const method of [
      "foo(a) { return a + 1; }",
      "async foo(a) { return a + 1; }",
      "*foo(a) { yield a + 1; }",
      "async *foo(a) { yield a + 1; }",
      "async /* c */ * /* d */ foo /* e */ (a) { yield a + 1; }",
      "delete(a) { return a + 1; }",
      "*function(a) { yield a + 1; }",
      "class (a) { return a + 1; }",
      "async(a) { return a + 1; }",
      "get(a) { return a + 1; }",
      "set /* it */ (a) { return a + 1; }",
      "static(a) { return a + 1; }",
      "getFoo(a) { return a + 1; }",
      "async get(a) { return a + 1; }",
      "async async(a) { return a + 1; }",
      "'a (quoted) name'(a) { return a + 1; }",
      "1.5(a) { return a + 1; }",
      "__proto__(a) { return a + 1; }",
      "größe(a = b => b) { return a + 1; }",
      "[nameOf('x')](a) { return a + 1; }",
      "async *[[`]`, ']', \"]\"][1]](a) { yield a + 1; }",
      "[Symbol.iterator](a) { return a + 1; }",
      "[/* don't ] */ nameOf('\\']') // ]\n](a) { return a + 1; }",
      "foo /* x */ (a) { return a /* y */ => a; }",
      "foo // x => \n (a) { return a + 1; }",
    ]) {
      const fn = read(`{ const nameOf = (x) => x; const made = { ${method} }; made[Reflect.ownKeys(made)[0]] }`);
      const source = specOf("source", fn).source;
      const again = read(`"use strict"; (${source})`);
      assert.equal(Object.getPrototypeOf(again), Object.getPrototypeOf(fn), source);
      assert.equal(again.name, fn.name, source);
      assert.equal(again.length, fn.length, source);
    }
  });

  it("makes expressions of a class's methods: static, private, inherited", () => {
    const methods = read(`(() => {
      class A {
        static shared(a) { return a * 2; }
        static #hidden(a) { return a * 2; }
        async own(a) { return a * 2; }
        static all = [A.shared, A.#hidden, A.prototype.own];
      }
      return A.all;
    })`) as () => ((a: number) => unknown)[];
    for (const method of methods()) {
      const again = read(specOf("source", method).source) as (a: number) => unknown;
      assert.equal(again.length, 1);
      assert.equal(Object.getPrototypeOf(again), Object.getPrototypeOf(method));
    }
  });

  it("reads a method with any number of comments in no time", () => {
    for (const comments of ["//".repeat(5_000), "/**/".repeat(5_000), " // x //".repeat(5_000)]) {
      const { length } = read(specOf("source", read(`({ foo ${comments}\n (a) { return a; } }).foo`)).source);
      assert.equal(length, 1);
    }
  });

  it("answers with the same object when asked again", () => {
    const fn = () => 1;
    assert.equal(describeFunction(fn), describeFunction(fn));
  });

  it("gives equal functions equal hashes, and different ones different", () => {
    const make = (text: string) => hashOf(read(text));
    assert.equal(make("(x) => x + 1"), make("(x) => x + 1"));
    assert.notEqual(make("(x) => x + 1"), make("(x) => x + 2"));
    assert.equal(make("var a = (x) => x; a"), make("var b = (x) => x; b"));
  });

  it("tells functions apart that call themselves by different names", () => {
    const text = "(n) => n < 2 ? n : fib(n - 1)";
    assert.notEqual(hashOf(read(`({ fib: ${text} }).fib`)), hashOf(read(`({ other: ${text} }).other`)));
  });

  it("names a class with a static method called name nothing, rather than a function", () => {
    assert.equal(specOf("source", read("(class { static name() {} })")).name, "");
  });

  it("calls what every realm has by its name", () => {
    const builtins: Readonly<Record<string, AnyFunction>> = {
      parseInt,
      structuredClone,
      fetch,
      atob,
      URL,
      Uint8Array,
      "Math.max": Math.max,
      "JSON.stringify": JSON.stringify,
      "Object.keys": Object.keys,
      "Array.from": Array.from,
    };
    for (const [path, fn] of Object.entries(builtins)) assert.equal(specOf("builtin", fn).path, path);
  });

  it("is not misled by a global of the user's: its source travels", () => {
    const fn = read("var aGlobalOfTheUser = function aGlobalOfTheUser() { return 1; }; aGlobalOfTheUser");
    try {
      assert.match(specOf("source", fn).source, /return 1/);
    } finally {
      Reflect.deleteProperty(globalThis, "aGlobalOfTheUser");
    }
  });

  it("refuses bound and unknown native functions, and says what to do", () => {
    function work() {}
    for (const fn of [work.bind(null), [].map, new Proxy(work, {})]) {
      assert.throws(
        () => describeFunction(fn, "args[1].f"),
        (error) => error instanceof UnserializableError && error.path === "args[1].f" && /wrap it/.test(error.message),
      );
    }
    assert.throws(() => describeFunction(work.bind(null)), /bound work cannot travel/);
  });

  it("refuses getters and setters", () => {
    for (const text of [
      "get x() { return 1; }",
      "set x(v) {}",
      "get [1 + 1]() {}",
      'get "x"() {}',
      "get /**/ x() {}",
    ]) {
      const fn = read(`{ const d = Object.values(Object.getOwnPropertyDescriptors({ ${text} }))[0]; d.get ?? d.set }`);
      assert.throws(() => describeFunction(fn), UnserializableError, text);
    }
  });
});

describe("travelByName()", () => {
  it("sends functions that workers have in scope by their name alone", () => {
    class Queue {}
    travelByName({ Queue, limit: 3 });
    assert.equal(specOf("builtin", Queue).path, "Queue");
    const { Queue: mark } = bindingsOf(closure({ Queue }, () => 1)) as { Queue: FunctionMark };
    assert.equal(mark[FUNCTION_MARK], describeFunction(Queue));
  });
});

describe("fromModule()", () => {
  interface Work {
    readonly render: (tile: number) => string;
    readonly Counter: new (start: number) => { increment(): number };
    readonly limit: number;
    readonly then: () => void;
    readonly default: () => number;
  }

  it("refers to functions and classes of a module", () => {
    const { render, Counter, default: main } = fromModule<Work>(new URL("file:///work.js"));
    const { url, exportName, name } = specOf("module", render);
    assert.deepEqual([url, exportName, name], ["file:///work.js", "render", "render"]);
    assert.equal(specOf("module", Counter).exportName, "Counter");
    assert.equal(specOf("module", main).exportName, "default");
    // @ts-expect-error a number is no function
    assert.equal(typeof fromModule<Work>("file:///work.js").limit, "function");
  });

  it("refers to the same export by the same function and the same hash", () => {
    const [one, two] = [fromModule<Work>("file:///work.js"), fromModule<Work>(new URL("file:///work.js"))];
    assert.equal(one.render, one.render);
    assert.equal(hashOf(one.render), hashOf(two.render));
    assert.notEqual(hashOf(one.render), hashOf(one.Counter));
    assert.notEqual(hashOf(one.render), hashOf(fromModule<Work>("file:///other.js").render));
  });

  it("says that it is a reference when it is called here, or constructed", () => {
    const { render, Counter } = fromModule<Work>("file:///work.js");
    assert.equal(render.name, "render");
    assert.throws(() => render(1), /render is a reference to file:\/\/\/work\.js.*submit\(\)/);
    assert.throws(() => new Counter(1), /Counter is a reference/);
  });

  it("is no promise, and has no symbols", async () => {
    const references = fromModule<Work>("file:///work.js");
    assert.equal(await Promise.resolve(references), references);
    assert.equal(Reflect.get(references, Symbol.iterator), undefined);
  });

  it("refuses what is no absolute URL", () => {
    for (const url of ["./work.js", "lodash", ""]) {
      assert.throws(
        () => fromModule(url),
        (error) => error instanceof TypeError && error.message.includes("import.meta.url"),
      );
    }
  });
});
