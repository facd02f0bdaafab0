/** Progress bars for real tasks, in terminals and elsewhere. */
import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import { after, describe, it } from "node:test";
import * as manyhands from "manyhands";
import type { showProgress as Show } from "../../src/node.ts";

const client = new manyhands.Client({ nWorkers: 1 });
after(() => client.close());

const { showProgress } = manyhands as unknown as { showProgress: typeof Show };

const work = (n: number) => {
  if (n === 2) throw new Error("on purpose");
  return n;
};

/** What is written to it. */
function written(isTTY: boolean) {
  const stream = Object.assign(new PassThrough({ encoding: "utf8" }), { isTTY, columns: 80, rows: 24 });
  return { stream, text: () => String(stream.read() ?? "") };
}

describe("showProgress()", { timeout: 10_000 }, () => {
  it("draws a bar in a terminal, and settles when all have ended, however they did", async () => {
    const { stream, text } = written(true);
    const { done, total, failed } = await showProgress(client.map(work, [1, 2, 3]) as never, { stream, label: "work" });
    assert.deepEqual({ done, total, failed }, { done: 3, total: 3, failed: 1 });
    assert.match(text(), /work █+ 100% 3 of 3, 1 failed/);
  });

  it("writes plain lines elsewhere", async () => {
    const { stream, text } = written(false);
    await showProgress(client.map(work, [1, 3]) as never, { stream });
    // There is a rate if they had not ended before anybody looked.
    assert.match(text(), /^2 of 2(, [\d.]+\/s)?\n$/);
  });
});
