/** What nobody has weighed is estimated: of buffers exactly, of the rest well enough, and without looking at all of it. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { sizeof } from "../../src/shipping/sizeof.ts";

describe("sizeof()", () => {
  it("is within a factor of 1.6 of what values of many shapes take on the heap", (test) => {
    const program = fileURLToPath(new URL("./size-on-heap.ts", import.meta.url));
    const output = execFileSync(process.execPath, ["--expose-gc", "--import", "tsx", program], { encoding: "utf8" });
    const sizes = JSON.parse(output) as Record<string, { readonly truth: number; readonly estimate: number }>;
    assert.ok(Object.keys(sizes).length >= 15);
    for (const [name, { truth, estimate }] of Object.entries(sizes)) {
      const ratio = estimate / truth;
      test.diagnostic(`${name}: ${Math.round(truth)} bytes, estimated ${ratio.toFixed(2)} times that`);
      assert.ok(ratio > 1 / 1.6 && ratio < 1.6, `${name}: ${estimate} for ${truth} bytes`);
    }
  });

  it("is exact for buffers, each of which counts once", () => {
    const empty = sizeof(new Uint8Array(0));
    for (const size of [1, 1000, 1 << 20]) assert.equal(sizeof(new Uint8Array(size)) - empty, size);
    const buffer = new ArrayBuffer(5000);
    const views = [new Uint8Array(buffer), new Uint16Array(buffer, 2, 4), new DataView(buffer), buffer];
    assert.ok(sizeof(views) >= 5000 && sizeof(views) < 6000, `${sizeof(views)} bytes`);
    assert.equal(sizeof(new Uint8Array(new SharedArrayBuffer(500))) - empty, 500);
  });

  it("is exact for buffers in many objects, of which it does not look at a few alone then", () => {
    const frames = Array.from({ length: 5000 }, (_, i) => ({ i, pixels: new Uint8Array(i) }));
    const inBuffers = (5000 * 4999) / 2;
    const around = sizeof(Array.from({ length: 5000 }, (_, i) => ({ i, pixels: new Uint8Array(0) })));
    assert.equal(sizeof(frames) - around, inBuffers);
  });

  it("looks at a few of many objects alike", () => {
    let looks = 0;
    const watched = () =>
      new Proxy(
        { a: 1 },
        {
          ownKeys: (target) => {
            looks += 1;
            return Reflect.ownKeys(target);
          },
        },
      );
    const one = sizeof(watched());
    looks = 0;
    const many = sizeof(Array.from({ length: 10_000 }, watched));
    assert.ok(looks < 200, `${looks} of 10,000`);
    assert.ok(Math.abs(many / (10_000 * (one + 8)) - 1) < 0.01, `${many} bytes`);
  });

  it("comes to an end in a circle, and in a chain of a million", () => {
    const circle: unknown[] = [1];
    circle.push(circle, { circle });
    assert.ok(sizeof(circle) > 0 && sizeof(circle) < 1000);
    let chain: unknown = null;
    for (let i = 0; i < 1_000_000; i++) chain = { next: chain };
    assert.ok(sizeof(chain) > 0);
  });

  it("is the same each time", () => {
    const mixed = Array.from({ length: 3000 }, (_, i) => ({
      text: "x".repeat(i % 17),
      list: new Array(i % 5).fill(i),
    }));
    assert.equal(sizeof(mixed), sizeof(structuredClone(mixed)));
  });
});
