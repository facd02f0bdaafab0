/** Stacks of a page's own thread: what the browser gives as V8 has it, and why there are none where it gives nothing. */
import assert from "node:assert/strict";
import { afterEach, describe, it } from "node:test";
import { cpuProfileOf, PageSampling } from "../../src/client/page-sampling.ts";

const scope = globalThis as { Profiler?: unknown };

describe("stacks of a page", () => {
  afterEach(() => {
    delete scope.Profiler;
  });

  it("are not to be had without the browser's API, nor where the page's policy does not allow it", async () => {
    const without = new PageSampling();
    assert.match(String(without.reason), /no self-profiling API/);
    assert.equal(await without.collect(true), undefined);
    scope.Profiler = class {
      constructor() {
        throw new Error("not allowed");
      }
    };
    const forbidden = new PageSampling();
    assert.match(String(forbidden.reason), /needs the header Document-Policy: js-profiling/);
    assert.equal(await forbidden.collect(true), undefined);
  });

  it("become nodes of one tree, with a sample where nothing ran", () => {
    const { nodes, samples, timeDeltas, startTime, endTime } = cpuProfileOf({
      resources: ["https://a/b.js"],
      frames: [{ name: "outer", resourceId: 0, line: 3, column: 5 }, { name: "inner" }],
      stacks: [{ frameId: 0 }, { frameId: 1, parentId: 0 }],
      samples: [{ timestamp: 10, stackId: 1 }, { timestamp: 20 }, { timestamp: 30.5, stackId: 0 }],
    });
    assert.deepEqual(
      nodes.map(({ id, callFrame, children }) => [id, callFrame.functionName, callFrame.lineNumber, children]),
      [
        [1, "(root)", -1, [2, 3]],
        [2, "(idle)", -1, []],
        [3, "outer", 2, [4]],
        [4, "inner", -1, []],
      ],
    );
    assert.deepEqual([samples, timeDeltas, startTime, endTime], [[4, 2, 3], [0, 10_000, 10_500], 10_000, 30_500]);
  });
});
