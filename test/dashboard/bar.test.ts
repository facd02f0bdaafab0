/** What a progress bar says, in terminals and where there is none. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { terminalBar } from "../../src/adapters/terminal-bar.ts";
import { type Awaited, Bar, barText } from "../../src/dashboard/bar.ts";

type Status = Awaited["status"];

/** Futures that end when they are told to. */
function futures(count: number, status: Status = "pending") {
  return Array.from({ length: count }, () => {
    const callbacks: (() => void)[] = [];
    return {
      status,
      addDoneCallback(callback: () => void) {
        if (this.status === "pending") callbacks.push(callback);
        else callback();
      },
      end(how: Status) {
        this.status = how;
        for (const callback of callbacks) callback();
      },
    };
  });
}

describe("a bar", () => {
  it("counts what ended and how, and tells how fast it goes and for how long still", async () => {
    let nowMs = 0;
    const all = futures(4);
    const bar = new Bar(all, () => nowMs);
    assert.deepEqual(bar.state, { done: 0, total: 4, failed: 0, rate: undefined, leftMs: undefined });
    const changed = bar.change();
    nowMs = 1000;
    all[0]?.end("finished");
    await changed;
    all[1]?.end("error");
    assert.deepEqual(bar.state, { done: 2, total: 4, failed: 1, rate: 2, leftMs: 1000 });
    assert.equal(barText(bar.state), "2 of 4, 1 failed, 2.0/s, 1 s left");
    all[2]?.end("cancelled");
    all[3]?.end("finished");
    await bar.change();
    assert.ok(bar.isOver);
    assert.equal(barText(bar.state), "4 of 4, 2 failed, 4.0/s");
  });

  it("does not take for speed what was done before", () => {
    let nowMs = 0;
    const [one, two] = [futures(10, "finished"), futures(2)];
    const bar = new Bar([...one, ...two], () => nowMs);
    nowMs = 500;
    assert.equal(bar.state.rate, undefined);
    two[0]?.end("finished");
    assert.deepEqual(bar.state, { done: 11, total: 12, failed: 0, rate: 2, leftMs: 500 });
  });

  it("is over at once if there is nothing to wait for", async () => {
    const bar = new Bar([]);
    await bar.change();
    assert.ok(bar.isOver);
  });
});

describe("in a terminal, or none", () => {
  it("writes a line now and then, and the last one", () => {
    let nowMs = 0;
    const lines: string[] = [];
    const drawn = terminalBar({ write: (text) => lines.push(text) }, 10, "work", () => nowMs);
    for (let done = 0; done <= 10; done++) {
      nowMs = done * 1200;
      drawn.draw(done, `${done} of 10`);
    }
    drawn.stop();
    assert.deepEqual(lines, ["work 5 of 10\n", "work 10 of 10\n"]);
  });
});
