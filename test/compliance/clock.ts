/** What every clock promises. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Clock } from "../../src/ports/clock.ts";

export function promisesOfClock(setup: () => Clock): void {
  describe("a clock", () => {
    it("never goes back", () => {
      const clock = setup();
      let before = clock.now();
      for (let i = 0; i < 1000; i++) {
        const now = clock.now();
        assert.ok(now >= before);
        before = now;
      }
    });

    it("wakes once, when the time has passed, in order", async () => {
      const clock = setup();
      const woken: string[] = [];
      const began = clock.now();
      await new Promise<void>((resolve) => {
        const letGo = clock.keepAlive();
        clock.after(20, () => {
          woken.push("later");
          letGo();
          resolve();
        });
        clock.after(1, () => woken.push("sooner"));
      });
      assert.deepEqual(woken, ["sooner", "later"]);
      assert.ok(clock.now() - began >= 19);
    });

    it("does not wake what was called off", async () => {
      const clock = setup();
      const woken: string[] = [];
      const letGo = clock.keepAlive();
      const callOff = clock.after(1, () => woken.push("called off"));
      callOff();
      callOff();
      await new Promise<void>((resolve) => clock.after(10, resolve));
      letGo();
      assert.deepEqual(woken, []);
    });

    it("runs each turn in a turn of its own, in order", async () => {
      const clock = setup();
      const ran: string[] = [];
      const letGo = clock.keepAlive();
      clock.nextTurn(() => ran.push("first"));
      clock.nextTurn(() => {
        ran.push("second");
        queueMicrotask(() => ran.push("in the same turn"));
      });
      assert.deepEqual(ran, []);
      await new Promise<void>((resolve) => clock.nextTurn(resolve));
      letGo();
      assert.deepEqual(ran, ["first", "second", "in the same turn"]);
    });

    it("can be held by several, and let go more than once", () => {
      const clock = setup();
      const [one, two] = [clock.keepAlive(), clock.keepAlive()];
      one();
      one();
      two();
      clock.keepAlive()();
    });
  });
}
