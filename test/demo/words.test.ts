/** Words for numbers and failures on the demo's pages. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Retrying } from "../../demo/volunteer/shared/retrying.ts";
import { count, duration, explain, roughly, size } from "../../demo/volunteer/shared/words.ts";
import { CommClosedError, ProtocolError, UnauthorizedError } from "../../src/protocol/errors.ts";

describe("words for failures", () => {
  it("say what it is, and whether it may pass", () => {
    const at = "peer:a cannot be reached by way of http://b/: ";
    const outcomes: readonly (readonly [Error, RegExp, boolean])[] = [
      [new UnauthorizedError("the token is not one that threads may be lent with"), /invitation is not good/, false],
      [new UnauthorizedError("it was sent away"), /shown the door/, false],
      [new Error("it was sent away: rude"), /shown the door/, false],
      [
        new ProtocolError("this side speaks version 1 of the protocol, the other side version 2"),
        /do not match/,
        false,
      ],
      [new CommClosedError("somebody else is peer:a at http://b/"), /name of the room is taken/, false],
      [
        new CommClosedError("the signalling server at http://b/ cannot be reached: no"),
        /signalling server cannot/,
        true,
      ],
      [
        new CommClosedError(`${at}the signalling server cannot be reached at the moment`),
        /signalling server cannot/,
        true,
      ],
      [new CommClosedError(`${at}nobody of that name is there`), /room is not open/, true],
      [new CommClosedError("nobody answered at peer:a within 10 s"), /room is not open/, true],
      [new CommClosedError(`${at}it has 450 connections, and can have no more`), /room is full/, true],
      [new CommClosedError("this browser has no WebRTC, or it is switched off"), /no WebRTC/, false],
      [new RangeError("Array buffer allocation failed"), /not enough memory/, false],
      [new Error("no worker could be started: it ended"), /No thread could be started/, false],
      [new Error("no sandbox can be made in this page"), /run safely/, false],
      [new Error("something else"), /did not work/, false],
    ];
    for (const [error, title, isPassing] of outcomes) {
      const trouble = explain(error);
      assert.match(trouble.title, title, error.message);
      assert.equal(trouble.isPassing === true, isPassing, error.message);
    }
    assert.equal(explain(new Error("something else")).advice, "something else");
  });
});

describe("words for numbers", () => {
  it("are short", () => {
    assert.deepEqual([0.2, 5, 89, 100, 5400, 9000].map(duration), [
      "a moment",
      "5 s",
      "89 s",
      "2 min",
      "1.5 h",
      "2.5 h",
    ]);
    assert.deepEqual(
      [1, 0, 1234].map((n) => count(n, "part")),
      ["1 part", "0 parts", "1,234 parts"],
    );
    assert.deepEqual([1.234, 12.34, 1234.5].map(roughly), ["1.23", "12.3", "1,235"]);
    assert.deepEqual([1500, 2.5e6, 3.21e9].map(size), ["2 KB", "2.5 MB", "3.21 GB"]);
  });
});

describe("trying again", () => {
  it("waits longer each time, counts down, and begins with short waits after it has succeeded", (test) => {
    test.mock.timers.enable({ apis: ["setTimeout"] });
    let attempts = 0;
    const waits: number[] = [];
    const retrying = new Retrying(() => {});
    const attempt = () => {
      attempts += 1;
      retrying.again(attempt);
      waits.push(retrying.secondsLeft ?? 0);
    };
    retrying.again(attempt);
    for (let i = 0; i < 5; i++) {
      const before = attempts;
      for (let seconds = 0; attempts === before; seconds++) {
        assert.ok(seconds < 40, "it waits too long");
        test.mock.timers.tick(1000);
      }
    }
    assert.ok((waits[0] ?? 0) >= 3 && (waits[4] ?? 0) >= 22 && Math.max(...waits) <= 38, String(waits));
    retrying.succeeded();
    assert.equal(retrying.secondsLeft, undefined);
    test.mock.timers.tick(60_000);
    assert.equal(attempts, 5);
    retrying.again(attempt);
    assert.ok((retrying.secondsLeft ?? 99) <= 3);
    retrying.now();
    assert.equal(attempts, 6);
    retrying.stop();
    retrying.now();
    assert.equal(attempts, 6);
  });
});
