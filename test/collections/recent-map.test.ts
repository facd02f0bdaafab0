import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { RecentMap } from "../../src/collections/recent-map.ts";

describe("a map of what was used lately", () => {
  it("keeps what is asked for now and then, and forgets what is not", () => {
    const map = new RecentMap<number, string>(10);
    map.set(-1, "often");
    for (let i = 0; i < 1000; i++) {
      map.set(i, String(i));
      if (i % 5 === 0) assert.equal(map.get(-1), "often");
      for (let back = 0; back < 9 && back <= i; back++) if (back < 4) assert.equal(map.get(i - back), String(i - back));
    }
    assert.equal(map.get(0), undefined);
    assert.equal(map.get(900), undefined);
  });

  it("never has more than twice as many as it is to keep", () => {
    const map = new RecentMap<number, number>(10);
    for (let i = 0; i < 100; i++) map.set(i, i);
    let there = 0;
    for (let i = 0; i < 100; i++) if (map.get(i) !== undefined) there += 1;
    assert.ok(there >= 9 && there <= 20, `${there} are there`);
  });
});
