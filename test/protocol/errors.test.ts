/** What was thrown on one side is what is caught on the other, whatever carries it and whoever wrote it. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { inspect } from "node:util";
import { runInNewContext } from "node:vm";
import * as errors from "../../src/protocol/errors.ts";
import { decodeError, type ErrorOnWire, encodeError } from "../../src/protocol/errors.ts";

const carriers: Readonly<Record<string, (wire: ErrorOnWire) => ErrorOnWire>> = {
  "structured clone": (wire) => structuredClone(wire),
  JSON: (wire) => JSON.parse(JSON.stringify(wire)),
};

/** To the other side and back through structured clone. */
function travel(thrown: unknown): unknown {
  return decodeError(structuredClone(encodeError(thrown)));
}

function travelError<E extends Error = Error & Record<string, unknown>>(thrown: unknown): E {
  const arrived = travel(thrown);
  assert.ok(arrived instanceof Error);
  return arrived as E;
}

const samples = {
  CancelledError: new errors.CancelledError("given up", { key: "a-1", reason: "changed my mind" }),
  KilledWorkerError: new errors.KilledWorkerError("killed", { key: "a-1", attempts: ["thread://1", "thread://2"] }),
  NoValidWorkerError: new errors.NoValidWorkerError("nobody", {
    key: "a-1",
    restrictions: { resources: { gpu: 1 } },
    workers: [{ address: "thread://worker/0", name: "worker-0", resources: {} }],
  }),
  TimeoutError: new errors.TimeoutError("late", { key: "a-1", timeoutMs: 5 }),
  CommClosedError: new errors.CommClosedError("gone", { address: "thread://1" }),
  UnserializableError: new errors.UnserializableError("no way", { path: "args[1].socket" }),
  UnauthorizedError: new errors.UnauthorizedError("who are you"),
  ActorLostError: new errors.ActorLostError("lost", { key: "a-1" }),
  ProtocolError: new errors.ProtocolError("what?"),
  DisagreementError: new errors.DisagreementError("2 of 3 differ", { key: "a-1", camps: [["w1"], ["w2"]] }),
  InvalidTransitionError: new errors.InvalidTransitionError("no way", { key: "k", from: "a", to: "b", story: ["x"] }),
};

describe("the error classes", () => {
  it("carry name, message, fields and cause, and are told apart by class and by name", () => {
    const cause = new Error("before");
    const error = new errors.CancelledError("given up", { key: "a-1", reason: 7 }, { cause });
    assert.ok(error instanceof Error && error instanceof errors.CancelledError);
    assert.ok(!(error instanceof errors.TimeoutError));
    assert.deepEqual([error.name, error.message, error.key, error.reason], ["CancelledError", "given up", "a-1", 7]);
    assert.equal(error.cause, cause);
    assert.equal(new errors.ProtocolError("no").cause, undefined);
  });

  it("head their stack with their own name", () => {
    for (const [name, error] of Object.entries(samples)) {
      assert.equal(error.name, name);
      assert.equal(error.constructor.name, name);
      assert.equal(error.stack?.split("\n")[0], `${name}: ${error.message}`);
    }
  });

  it("narrow by name in a switch", () => {
    const say = (error: errors.CancelledError | errors.CommClosedError): string => {
      switch (error.name) {
        case "CancelledError":
          return error.key;
        case "CommClosedError":
          return error.address ?? "somewhere";
      }
    };
    assert.equal(say(samples.CancelledError), "a-1");
    assert.equal(say(new errors.CommClosedError("gone")), "somewhere");
  });

  it("cannot be made without the fields that every one of them has", () => {
    // @ts-expect-error key is missing
    assert.equal(new errors.ActorLostError("lost").key, undefined);
    // @ts-expect-error key is not a number
    assert.equal(new errors.ActorLostError("lost", { key: 1 }).key, 1);
  });
});

for (const [carrier, carry] of Object.entries(carriers)) {
  describe(`errors that travel by ${carrier}`, () => {
    const arrive = (thrown: unknown) => decodeError(carry(encodeError(thrown)));

    it("bring ours back as ours, with their fields", () => {
      for (const error of Object.values(samples)) {
        const arrived = arrive(error) as Error;
        assert.equal(arrived.constructor, error.constructor);
        assert.deepEqual({ ...arrived }, { ...error });
        assert.deepEqual([arrived.name, arrived.message, arrived.stack], [error.name, error.message, error.stack]);
      }
    });

    it("bring built-ins back as what they are, with the stack of where they were thrown", () => {
      for (const Type of [Error, TypeError, RangeError, SyntaxError, ReferenceError, EvalError, URIError]) {
        const error = new Type("broken");
        const arrived = arrive(error) as Error;
        assert.equal(Object.getPrototypeOf(arrived), Type.prototype);
        assert.deepEqual([arrived.name, arrived.message, arrived.stack], [Type.name, "broken", error.stack]);
        assert.deepEqual(Object.keys(arrived), []);
      }
    });

    it("bring causes of any kind along, however many", () => {
      const error = new Error("a", { cause: new RangeError("b", { cause: { code: 3, list: [1, "x", null] } }) });
      const arrived = arrive(error) as Error & { cause: RangeError };
      assert.ok(arrived.cause instanceof RangeError);
      assert.deepEqual(arrived.cause.cause, { code: 3, list: [1, "x", null] });
      assert.ok(!Object.keys(arrived).includes("cause"));
    });

    it("tell a cause that is undefined from none", () => {
      assert.ok("cause" in (arrive(new Error("a", { cause: undefined })) as Error));
      assert.ok(!("cause" in (arrive(new Error("a")) as Error)));
    });

    it("bring the errors of an AggregateError along", () => {
      const arrived = arrive(new AggregateError([new TypeError("x"), "y"], "several")) as AggregateError;
      assert.ok(arrived instanceof AggregateError);
      assert.equal(arrived.message, "several");
      assert.ok(arrived.errors[0] instanceof TypeError);
      assert.equal(arrived.errors[1], "y");
    });

    it("bring what is no error back as itself", () => {
      for (const thrown of ["text", "", 0, -1.5, true, null, undefined, { code: 5, at: [1, 2] }, [1, [2]], {}]) {
        assert.deepEqual(arrive(thrown), thrown);
      }
    });

    it("bring a DOMException back with its code", () => {
      const arrived = arrive(new DOMException("stop it", "AbortError")) as DOMException;
      assert.ok(arrived instanceof DOMException && arrived instanceof Error);
      assert.deepEqual([arrived.name, arrived.message, arrived.code], ["AbortError", "stop it", 20]);
    });
  });
}

describe("an error of the user's own class", () => {
  class ValidationError extends TypeError {
    override name = "ValidationError";
    readonly field: string;
    readonly details = { line: 3, tags: ["a", "b"], big: 10n, nothing: undefined };
    constructor(field: string) {
      super(`bad ${field}`);
      this.field = field;
    }
  }

  it("comes back with its name, its fields and the class both ends know", () => {
    const arrived = travelError(new ValidationError("age"));
    assert.ok(arrived instanceof TypeError);
    assert.deepEqual([arrived.name, arrived.message, arrived["field"]], ["ValidationError", "bad age", "age"]);
    assert.deepEqual(arrived["details"], { line: 3, tags: ["a", "b"], big: 10n, nothing: undefined });
  });

  it("keeps the name of its class where it never set its own", () => {
    class Quiet extends Error {}
    const quiet = new Quiet("hush");
    const arrived = travelError(quiet);
    assert.deepEqual([arrived.name, arrived.constructor.name], ["Error", "Quiet"]);
    assert.equal(inspect(arrived), inspect(quiet));
  });

  it("is not taken for one of ours because it is called like it", () => {
    class TimeoutError extends Error {
      override name = "TimeoutError";
    }
    const arrived = travelError(new TimeoutError("theirs"));
    assert.ok(!(arrived instanceof errors.TimeoutError));
    assert.deepEqual([arrived.name, arrived.constructor.name], ["TimeoutError", "TimeoutError"]);
  });

  it("is one of ours where it extends one", () => {
    class Impatient extends errors.TimeoutError {}
    const arrived = travelError(new Impatient("late", { timeoutMs: 3 }));
    assert.ok(arrived instanceof errors.TimeoutError);
    assert.deepEqual([arrived["timeoutMs"], arrived.constructor.name], [3, "Impatient"]);
  });

  it("arrives once more as it arrived before", () => {
    const once = travelError(new ValidationError("age"));
    const twice = travelError(once);
    assert.deepEqual([twice.name, twice.stack, twice["field"]], [once.name, once.stack, "age"]);
    assert.ok(twice instanceof TypeError);
    assert.equal(twice.constructor.name, "ValidationError");
  });

  it("sends text in place of fields that are no plain data", () => {
    const error = Object.assign(new Error("x"), {
      socket: new (class Socket {})(),
      when: new Date(0),
      stdout: Buffer.from("what it wrote"),
      call: Math.max,
      sign: Symbol("s"),
      inner: new TypeError("inner"),
      pair: new Map([[1, 2]]),
    });
    const arrived = travelError(error);
    assert.equal(arrived["socket"], "[object Object]");
    assert.equal(arrived["when"], String(new Date(0)));
    assert.equal(arrived["stdout"], "what it wrote");
    assert.equal(arrived["sign"], "Symbol(s)");
    assert.equal(arrived["inner"], "TypeError: inner");
    assert.equal(arrived["pair"], "[object Map]");
    assert.match(String(arrived["call"]), /native code/);
  });

  it("keeps a field called errors that is not an AggregateError's", () => {
    const arrived = travelError(Object.assign(new Error("x"), { errors: [{ path: "a" }] }));
    assert.deepEqual(arrived["errors"], [{ path: "a" }]);
  });
});

describe("an error from another realm", () => {
  it("comes back as the same class of this one", () => {
    const arrived = travelError(runInNewContext("new RangeError('far')"));
    assert.ok(arrived instanceof RangeError);
    assert.equal(arrived.message, "far");
  });
});

describe("encodeError()", () => {
  it("ends where causes go round in a circle", () => {
    const a = new Error("a");
    const b = new Error("b", { cause: a });
    a.cause = b;
    const arrived = travelError<Error & { cause: Error }>(a);
    assert.equal(arrived.cause.message, "b");
    assert.equal(arrived.cause.cause, "Error: a");
  });

  it("ends where a chain of causes is very long, or fields are very deep", () => {
    let error = new Error("0");
    let deep: object = {};
    for (let i = 1; i < 10_000; i++) {
      error = new Error(`${i}`, { cause: error });
      deep = { deep };
    }
    assert.equal(travelError(Object.assign(error, { deep })).message, "9999");
  });

  it("ends where plain fields refer to each other in every way", () => {
    const nodes = Array.from({ length: 12 }, (_, i) => ({ i, all: [] as object[] }));
    for (const node of nodes) node.all.push(...nodes);
    const arrived = travelError(Object.assign(new Error("x"), { nodes }));
    assert.equal((arrived["nodes"] as unknown[]).length, 12);
  });

  it("survives getters that throw, proxies that refuse and values without text", () => {
    class Hostile extends Error {
      override get name(): string {
        throw new Error("no name");
      }
    }
    const hostile = new Hostile("hostile");
    Object.defineProperty(hostile, "field", {
      enumerable: true,
      get() {
        throw new Error("no field");
      },
    });
    Object.defineProperty(hostile, "cause", {
      get() {
        throw new Error("no cause");
      },
    });
    assert.equal(travelError(hostile).message, "hostile");
    const { proxy, revoke } = Proxy.revocable(new Error("gone"), {});
    revoke();
    assert.equal(typeof travel(proxy), "string");
    assert.equal(typeof travel(Object.assign(new Error(), { message: Object.create(null) })), "object");
    assert.deepEqual(travel(Object.create(null)), {});
  });

  it("writes functions and symbols that were thrown as text", () => {
    assert.equal(travel(Symbol("s")), "Symbol(s)");
    assert.match(String(travel((x: number) => x + 1)), /^\(?x\)?\s*=>/);
  });

  it("leaves a bigint a bigint", () => {
    assert.equal(travel(12n), 12n);
  });
});

describe("decodeError()", () => {
  const decode = (wire: unknown) => decodeError(wire as ErrorOnWire);

  it("lets no field reach for a prototype", () => {
    const wire = JSON.parse(`{
      "type": "error", "base": "Error", "class": "__proto__", "name": "Error", "message": "m",
      "fields": {
        "__proto__": { "polluted": 1 }, "constructor": { "prototype": { "polluted": 1 } }, "prototype": 1, "ok": 1,
        "deep": { "__proto__": { "polluted": 1 }, "constructor": 2, "fine": 3 }
      },
      "cause": { "type": "value", "value": { "__proto__": { "polluted": 1 } } }
    }`);
    const arrived = decode(wire) as Error & Record<string, unknown>;
    assert.ok(arrived instanceof Error);
    assert.equal(arrived["polluted"], undefined);
    assert.equal(({} as Record<string, unknown>)["polluted"], undefined);
    assert.equal(typeof arrived.constructor, "function");
    assert.deepEqual({ ...arrived }, { ok: 1, deep: { fine: 3 } });
    assert.deepEqual(arrived.cause, {});
  });

  it("makes something of whatever a stranger sends", () => {
    assert.equal(decode(undefined), undefined);
    assert.equal(decode("text"), undefined);
    assert.ok(decode({ type: "error" }) instanceof Error);
    const strange = { type: "error", base: {}, class: 5, name: 1, message: {}, stack: 7, fields: "ab", errors: 3 };
    assert.ok(decode(strange) instanceof Error);
    for (const base of ["__proto__", "constructor", "toString", "DOMException"]) {
      assert.ok(decode({ type: "error", base, name: "N", message: "m" }) instanceof Error);
    }
  });

  it("ends where a stranger's error is its own cause, or branches without end", () => {
    const circle: Record<string, unknown> = { type: "error", base: "Error", name: "Error", message: "m" };
    circle["cause"] = circle;
    assert.ok(decode(circle) instanceof Error);
    let bush: object = { type: "error", base: "Error", name: "Error", message: "leaf" };
    for (let i = 0; i < 14; i++) {
      bush = { type: "error", base: "AggregateError", name: "E", message: "m", errors: Array(20).fill(bush) };
    }
    assert.ok(decode(bush) instanceof AggregateError);
  });

  it("gives an error without a stack no frames of this side", () => {
    const arrived = decode({ type: "error", base: "TypeError", name: "TypeError", message: "m" }) as Error;
    assert.equal(arrived.stack, "TypeError: m");
  });
});
