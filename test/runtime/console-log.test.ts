/** What is kept and told of what a worker writes to its console. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { KeptLog, LogLevel } from "../../src/protocol/logs.ts";
import { ConsoleLog, textOf, type Written } from "../../src/runtime/console-log.ts";

function stage() {
  const written: string[] = [];
  const write =
    (level: LogLevel) =>
    (...values: readonly unknown[]) =>
      void written.push(`${level} ${values.join(" ")}`);
  const console: Written = {
    debug: write("debug"),
    log: write("log"),
    info: write("info"),
    warn: write("warn"),
    error: write("error"),
  };
  const told: KeptLog[] = [];
  const due: (() => void)[] = [];
  let nowMs = 0;
  const clock = {
    now: () => nowMs,
    after: (_ms: number, call: () => void) => {
      due.push(call);
      return () => {};
    },
    nextTurn: () => {},
    keepAlive: () => () => {},
  };
  const log = new ConsoleLog(
    console,
    clock,
    () => ({ key: "f-c-1", name: "f" }),
    (lines) => told.push(lines),
  );
  return {
    console,
    log,
    written,
    told,
    pass(ms: number) {
      nowMs += ms;
      for (const call of due.splice(0)) call();
    },
  };
}

describe("a worker's console", () => {
  it("goes on writing, and keeps the last lines with who wrote them", () => {
    const { console, log, written, told } = stage();
    console.warn("one", 2);
    for (let i = 0; i < 1500; i++) console.log(`line ${i}`);
    assert.equal(written.length, 1501);
    assert.equal(written[0], "warn one 2");
    const { lines, missed } = log.read(undefined);
    assert.deepEqual([lines.length, missed, lines[0]?.text, lines.at(-1)?.text], [1000, 501, "line 500", "line 1499"]);
    assert.deepEqual([lines[0]?.level, lines[0]?.key, lines[0]?.name], ["log", "f-c-1", "f"]);
    assert.deepEqual(told, [], "nobody follows");
  });

  it("lets go of lines that are long sooner, and cuts off what is longer still", () => {
    const { console, log } = stage();
    for (let i = 0; i < 200; i++) console.log("x".repeat(100_000));
    const { lines, missed } = log.read(undefined);
    assert.equal(lines[0]?.text.length, 4000);
    assert.deepEqual([lines.length, missed], [65, 135]);
  });

  it("tells what is followed at once, and of a flood the last now and then, with how many are left out", () => {
    const { console, log, told, pass } = stage();
    console.log("before");
    log.read(true);
    console.log("now");
    assert.deepEqual(
      told.map(({ lines }) => lines.map(({ text }) => text)),
      [["now"]],
    );
    for (let i = 0; i < 1000; i++) console.log(`line ${i}`);
    assert.equal(told.length, 20, "as many as may be told in a row");
    pass(50);
    assert.equal(told.length, 21);
    assert.deepEqual([told[20]?.lines.length, told[20]?.missed], [50, 931]);
    assert.equal(told[20]?.lines.at(-1)?.text, "line 999");
    pass(1000);
    log.read(false);
    console.log("afterwards");
    assert.equal(told.length, 21);
  });

  it("spells out values as far as a line needs, whatever they are", () => {
    const circle: Record<string, unknown> = {};
    circle["self"] = circle;
    const throwing = new Proxy({}, { ownKeys: () => assert.fail("nobody may look") });
    const cases: readonly (readonly [unknown, string])[] = [
      ["text", "text"],
      [12n, "12"],
      [undefined, "undefined"],
      [Symbol("s"), "Symbol(s)"],
      [["a", { b: [1n] }], '["a",{"b":["[bigint]"]}]'],
      [new Set([1, 2]), "[1,2]"],
      [{ x: new Float64Array(30), f: assert.fail }, '{"x":"Float64Array(30)","f":"[function]"}'],
      [Array.from({ length: 30 }, (_, i) => i), `[${Array.from({ length: 20 }, (_, i) => i)},"… 10 more"]`],
      [circle, "[unreadable]"],
      [throwing, "[unreadable]"],
    ];
    for (const [value, text] of cases) assert.equal(textOf(value), text);
  });
});
