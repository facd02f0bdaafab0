/** What was described is compiled to a function that does the same, and says what is amiss where it cannot. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { describe, it } from "node:test";
import { runInThisContext } from "node:vm";
import { compile, explainReferenceError } from "../../src/shipping/compile.ts";
import {
  type AnyFunction,
  closure,
  describeFunction,
  type FunctionSpec,
  fromModule,
  travelByName,
} from "../../src/shipping/function-source.ts";

// biome-ignore lint/suspicious/noExplicitAny: the functions of these tests are written as text.
type Loose = any;

/** The function that a text means; as text, for a compiler would write it anew. */
const read = (text: string): Loose => runInThisContext(text);

/** To the other side and back to life, in place of a worker. */
function ship(fn: AnyFunction, scope: Readonly<Record<string, unknown>> = {}): Loose {
  return compile(structuredClone(describeFunction(fn)), scope);
}

const moduleOf = (text: string) =>
  fromModule<Record<string, AnyFunction>>(`data:text/javascript,${encodeURIComponent(text)}`);

function messageOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    return (error as Error).message;
  }
  return assert.fail("nothing was thrown");
}

describe("compile()", () => {
  it("makes functions of every form that do what the original does", async () => {
    assert.equal(ship(read("(a, b) => a + b"))(1, 2), 3);
    assert.equal(ship(read("(function (a, b) { return a + b; })"))(1, 2), 3);
    assert.equal(await ship(read("(async (a) => a + 1)"))(1), 2);
    assert.deepEqual([...ship(read("(function* (n) { while (n) yield n--; })"))(2)], [2, 1]);
    const numbers = [];
    for await (const n of ship(read("(async function* (n) { while (n) yield n--; })"))(2)) numbers.push(n);
    assert.deepEqual(numbers, [2, 1]);
    assert.equal(ship(read("({ add(a, b) { return a + b; } }).add"))(1, 2), 3);
    assert.deepEqual([...ship(read("({ *[Symbol.iterator]() { yield 1; } })[Symbol.iterator]"))()], [1]);
    assert.equal(ship(read("({ delete(a) { return -a; } }).delete"))(1), -1);
  });

  it("makes classes, with all that is inside them", () => {
    const Counter = ship(
      read(`(class Counter {
        static made = 0;
        #n;
        constructor(n = 0) { this.#n = n; Counter.made++; }
        static from(n) { return new this(n); }
        get n() { return this.#n; }
        increment() { return ++this.#n; }
      })`),
    );
    const counter = Counter.from(4);
    assert.deepEqual([counter.increment(), counter.n, Counter.made, Counter.name], [5, 5, 1, "Counter"]);
    assert.equal(
      new (ship(read("(class extends Map { first() { return this.keys().next().value; } })")))([[1, 2]]).first(),
      1,
    );
  });

  it("runs them in strict mode, as modules do", () => {
    assert.equal(ship(read("(function () { return this; })"))(), undefined);
    assert.throws(() => ship(read("(() => { undeclared = 1; })"))(), ReferenceError);
  });

  it("lets functions call themselves by their name", () => {
    const text = "n => n < 2 ? n : fib(n - 1) + fib(n - 2)";
    assert.equal(ship(read(`({ fib: ${text} }).fib`))(10), 55);
    assert.equal(ship(read("(function fib(n) { return n < 2 ? n : fib(n - 1) + fib(n - 2); })"))(10), 55);
    assert.equal(ship(read("({ Node: class { clone() { return new Node(); } } }).Node")).name, "Node");
  });

  it("does not let a wrapper call itself instead of what it wraps", () => {
    assert.equal(ship(read("({ parseInt: (x) => parseInt(x, 2) }).parseInt"))("11"), 3);
    assert.equal(ship(read("({ parseInt(x) { return parseInt(x, 2); } }).parseInt"))("11"), 3);
    assert.equal(ship(read("({ getTask: () => getTask() }).getTask"), { getTask: () => "the task" })(), "the task");
    const helper = read("({ work: (x) => x + 1 }).work");
    assert.equal(ship(closure({ work: helper }, read("({ work: (x) => work(x) }).work")))(1), 2);
  });

  it("gives functions the names of the library", () => {
    const scope = { getTask: () => "task", Queue: class {}, Event: 7, unused: 1 };
    assert.deepEqual(ship(read("(() => [getTask(), new Queue() instanceof Queue, Event])"), scope)(), [
      "task",
      true,
      7,
    ]);
  });

  it("knows these names whatever a bundler made of them", () => {
    const scope = { getTask: () => "task", Event: 7 };
    for (const call of [
      "getTask2()",
      "getTask$1()",
      "manyhands.getTask()",
      "(0, import_manyhands.getTask)()",
      "(0, manyhands_1.getTask)()",
      "(0, manyhands__WEBPACK_IMPORTED_MODULE_0__.getTask)()",
      "(0, __vite_ssr_import_0__.getTask)()",
    ]) {
      assert.equal(ship(read(`(() => ${call})`), scope)(), "task", call);
    }
  });

  it("knows what compilers put into function bodies", () => {
    const named = ship(
      read("(() => { const f = __name(() => 1, 'f'); class A { static { __name(this, 'B'); } } return [f, A]; })"),
    );
    assert.deepEqual(
      named().map((each: AnyFunction) => each.name),
      ["f", "B"],
    );
    const Counter = ship(read("(class { constructor() { __publicField(this, 'n', 1); } })"));
    assert.deepEqual({ ...new Counter() }, { n: 1 });
  });

  it("runs functions that this test's own compiler has been over", () => {
    const fn = (list: readonly number[]) => {
      class Sum {
        total = 0;
        add(n: number) {
          this.total += n;
          return this;
        }
      }
      const sum = new Sum();
      for (const n of list) sum.add(n);
      return { total: sum.total, name: Sum.name };
    };
    assert.deepEqual(ship(fn)([1, 2]), { total: 3, name: "Sum" });
  });

  it("shows where in which function something was thrown", () => {
    const boom = ship(read("({ explode: () => { throw new Error('boom'); } }).explode"));
    assert.throws(boom, (error: Error) => /explode.*manyhands:explode:\d+:\d+/.test(error.stack ?? ""));
  });

  it("explains a source that makes no sense by itself", () => {
    const spec = describeFunction(read("(class { #x = 1; get() { return (o) => o.#x; } })").prototype.get());
    assert.throws(
      () => compile(spec, {}),
      (error) => error instanceof SyntaxError && error.cause instanceof SyntaxError && /fromModule/.test(error.message),
    );
  });

  it("throws what evaluating throws, so that the caller can explain it", () => {
    const spec: FunctionSpec = { kind: "source", name: "Derived", source: "class extends NotHere {}", hash: "" };
    assert.throws(() => compile(spec, {}), ReferenceError);
    assert.match(
      messageOf(() => rethrow(() => compile(spec, {}), spec)),
      /closure\(\{ NotHere \}, Derived\)/,
    );
  });
});

function rethrow(action: () => unknown, spec: FunctionSpec): void {
  try {
    action();
  } catch (error) {
    throw explainReferenceError(error, spec);
  }
}

describe("compile() with bindings", () => {
  it("puts values in scope, before the names of the library", () => {
    const fn = closure({ k: 2, list: [1, 2], getTask: () => "mine" }, read("((x) => [x * k, list.length, getTask()])"));
    assert.deepEqual(ship(fn, { getTask: () => "task", k: 5 })(4), [8, 2, "mine"]);
  });

  it("puts functions and classes in scope, which see each other and the values", () => {
    const [isEven, isOdd, Base, Derived] = read(`(() => {
      class Base { base() { return start; } }
      class Derived extends Base { derived() { return this.base() + 1; } }
      return [(n) => n === start || isOdd(n - 1), (n) => n !== start && isEven(n - 1), Base, Derived];
    })()`);
    const fn = closure({ isEven, isOdd, Base, Derived, start: 0 }, read("(n) => [isEven(n), new Derived().derived()]"));
    assert.deepEqual(ship(fn)(4), [true, 1]);
  });

  it("binds a function under another name than its own, by which it may still call itself", () => {
    const fib = read("({ fib: n => n < 2 ? n : fib(n - 1) + fib(n - 2) }).fib");
    assert.equal(ship(closure({ f: fib }, read("(n) => f(n)")))(10), 55);
    assert.equal(ship(closure({ fib }, read("({ fib: n => fib(n) }).fib")))(10), 55);
  });

  it("compiles functions with bindings of their own, and functions inside data", () => {
    const inner = closure({ k: 3 }, read("(x) => x * k"));
    const table = {
      double: read("(x) => x * 2"),
      deep: [new Map([["inc", read("({ inc(x) { return x + 1; } }).inc")]])],
    };
    const fn = closure(
      { inner, table, k: 10 },
      read("(x) => [inner(x), table.double(x), table.deep[0].get('inc')(x), k]"),
    );
    assert.deepEqual(ship(fn)(5), [15, 10, 6, 10]);
  });

  it("asks its caller to compile these, who may have them already", () => {
    const inner = closure({ k: 3 }, read("(x) => x * k"));
    const fn = closure({ inner }, read("() => inner"));
    const asked: string[] = [];
    const compiled = compile(describeFunction(fn), {}, (spec) => {
      asked.push(spec.hash);
      return () => "kept";
    }) as Loose;
    assert.equal(compiled()(), "kept");
    assert.deepEqual(asked, [describeFunction(inner).hash]);
  });

  it("waits for modules among the bindings", async () => {
    const { triple } = moduleOf("export const triple = (x) => x * 3");
    const compiled = ship(closure({ triple, max: Math.max }, read("(x) => max(triple(x), 1)")));
    assert.ok(compiled instanceof Promise);
    assert.equal((await compiled)(2), 6);
  });

  it("binds built-ins and the library's own by name", () => {
    class Lock {}
    travelByName({ Lock });
    class LockThere {}
    const fn = closure({ Lock, floor: Math.floor }, read("() => [Lock, floor]"));
    assert.deepEqual(ship(fn, { Lock: LockThere })(), [LockThere, Math.floor]);
  });
});

describe("compile() of modules and built-ins", () => {
  it("imports a module and takes the export", async () => {
    const {
      add,
      Counter,
      default: main,
    } = moduleOf("export const add = (a, b) => a + b; export class Counter { n = 1 }; export default () => 'main'");
    assert.equal((await ship(add as AnyFunction))(1, 2), 3);
    assert.equal(new (await ship(Counter as AnyFunction))().n, 1);
    assert.equal((await ship(main as AnyFunction))(), "main");
  });

  it("says what there is where an export is missing", async () => {
    const { subtract, limit } = moduleOf("export const add = 1, limit = 2");
    await assert.rejects(
      ship(subtract as AnyFunction),
      ({ name, message }: Error) =>
        name === "TypeError" && message.startsWith("data:text/javascript") && /"subtract".* add, limit/.test(message),
    );
    await assert.rejects(ship(limit as AnyFunction), /"limit"/);
  });

  it("passes on why a module could not be loaded", async () => {
    const { work } = moduleOf("throw new RangeError('at load')");
    await assert.rejects(ship(work as AnyFunction), RangeError);
  });

  it("finds built-ins by their path, the library's own first", () => {
    assert.equal(ship(Math.max), Math.max);
    assert.equal(ship(parseInt), parseInt);
    assert.equal(ship(parseInt, { parseInt: Math.min }), Math.min);
  });

  it("says so where a built-in is missing", () => {
    for (const path of ["document.querySelector", "Math.noSuchThing", "Math.PI", "Math"]) {
      const spec: FunctionSpec = { kind: "builtin", name: path, path, hash: path };
      assert.ok(messageOf(() => compile(spec, {})).startsWith(`${path} does not exist`));
    }
  });
});

describe("compile() where code from strings is forbidden", () => {
  it("loads the text as a module instead", () => {
    const url = (path: string) => JSON.stringify(new URL(path, import.meta.url).href);
    const program = `
      const { compile } = await import(${url("../../src/shipping/compile.ts")});
      const { closure, describeFunction } = await import(${url("../../src/shipping/function-source.ts")});
      const ship = (fn, scope = {}) => compile(structuredClone(describeFunction(fn)), scope);
      let isForbidden = false;
      try { new Function("return 1"); } catch (error) { isForbidden = error instanceof EvalError; }
      const inner = closure({ k: 2 }, (x) => x * k);
      const helper = (x) => inner(x) + offset;
      const compiled = ship(closure({ inner, helper, offset: 1 }, (x) => [helper(x), getTask(), this]), { getTask: () => "task" });
      const complaint = (source) => compile({ kind: "source", name: "f", source, hash: "" }, {}).catch((error) => error.message);
      const [failure, nonsense] = [await complaint("class extends NotHere {}"), await complaint("(")];
      console.log(JSON.stringify([isForbidden, compiled instanceof Promise, (await compiled)(3), failure, nonsense]));
      `;
    const flags = ["--import", "tsx", "--disallow-code-generation-from-strings", "--input-type=module", "-e", program];
    const [isForbidden, isPromise, result, failure, nonsense] = JSON.parse(
      execFileSync(process.execPath, flags, { encoding: "utf8" }),
    );
    assert.deepEqual([isForbidden, isPromise, result], [true, true, [7, "task", null]]);
    assert.equal(failure, "NotHere is not defined");
    assert.match(nonsense, /fromModule/);
  });
});

describe("explainReferenceError()", () => {
  const spec = describeFunction(function area(r: number) {
    return r;
  });
  const explain = (error: unknown, of = spec) => explainReferenceError(error, of) as Error;

  it("names the variable and the function, and says what to do", () => {
    for (const message of ["PI2 is not defined", "Can't find variable: PI2"]) {
      const explained = explain(new ReferenceError(message));
      assert.ok(explained instanceof ReferenceError);
      for (const part of ["PI2 is not defined", "area", "closure({ PI2 }, area)", "as an argument", "fromModule"]) {
        assert.ok(explained.message.includes(part), part);
      }
    }
  });

  it("keeps the frames of the stack, under the new message", () => {
    const error = new ReferenceError("x$& is not defined");
    const [head, ...frames] = error.stack?.split("\n") ?? [];
    const [newHead, ...newFrames] = explain(error).stack?.split("\n") ?? [];
    assert.equal(head, "ReferenceError: x$& is not defined");
    assert.equal(newHead, `ReferenceError: ${explain(error).message}`);
    assert.deepEqual(newFrames, frames);
  });

  it("explains what a shipped function throws", () => {
    const fn = read("({ scaleAll: (list) => list.map((x) => x * factor) }).scaleAll");
    const message = messageOf(() => rethrow(() => ship(fn)([1]), describeFunction(fn)));
    assert.match(message, /^factor is not defined where scaleAll runs.*closure\(\{ factor \}, scaleAll\)/);
  });

  it("suspects a minifier where the name is very short", () => {
    assert.match(explain(new ReferenceError("t is not defined")).message, /minifier/);
    assert.doesNotMatch(explain(new ReferenceError("total is not defined")).message, /minifier/);
  });

  it("finds words for a function without a name", () => {
    const message = explain(
      new ReferenceError("x is not defined"),
      describeFunction(() => 1),
    ).message;
    assert.match(message, /where the function runs.*closure\(\{ x \}, fn\)/);
  });

  it("returns everything else untouched", () => {
    const { work } = moduleOf("export const work = 1");
    for (const [error, of] of [
      [new TypeError("x is not defined"), spec],
      [new ReferenceError("Cannot access 'x' before initialization"), spec],
      [new ReferenceError("setTimeout is not defined"), spec],
      [new ReferenceError("something else"), spec],
      [new ReferenceError("x is not defined"), describeFunction(work as AnyFunction)],
      [new ReferenceError("x is not defined"), describeFunction(Math.max)],
      ["x is not defined", spec],
      [undefined, spec],
    ] as const) {
      assert.equal(explain(error, of), error);
    }
  });
});
