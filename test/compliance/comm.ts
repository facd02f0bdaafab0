/** What every comm promises, tried in both directions. Knows what a comm can do, never which one it is. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Comm } from "../../src/ports/comm.ts";

type Word = unknown;

/** A pair of ends, as whoever uses them sees them. What is behind may be in another thread. */
export interface Pair {
  /** The end that is tried. */
  readonly here: Comm<Word, Word>;
  readonly there: FarEnd;
  /** Ends whatever the pair needed. */
  end(): Promise<void> | void;
}

/** The other end, to be asked what it saw. */
export interface FarEnd {
  send(...words: Word[]): Promise<void> | void;
  /** Listens from now on. */
  listen(): Promise<void> | void;
  /** So many words as it has heard, once there are that many. */
  heard(count: number): Promise<readonly Word[]>;
  close?(reason: string): Promise<void> | void;
  readonly closed?: Promise<string>;
}

export interface Capabilities {
  /** A word is copied on its way; without it, both ends look at the same object. */
  readonly copies: boolean;
  /** Buffers can be moved. */
  readonly transfers: boolean;
  /** Both ends are told the reason when one closes; without it, only one can be closed. */
  readonly tellsReason: boolean;
  /** What it throws for what cannot be cloned, if that is not the platform's own error. */
  readonly refusesWith?: string;
}

/** Words that stand for what is sent: the suite does not care for their meaning, but some comms only carry arrays. */
const word = (value: unknown): Word => [value];

export function promisesOfComm(
  setup: () => Promise<Pair> | Pair,
  { copies, transfers, tellsReason, refusesWith = "DataCloneError" }: Capabilities,
): void {
  const trial = (name: string, run: (pair: Pair) => Promise<void>) =>
    it(name, { timeout: 10_000 }, async () => {
      const pair = await setup();
      try {
        await run(pair);
      } finally {
        await pair.end();
      }
    });
  /** Words heard here; a promise of the first so many. */
  const ears = (comm: Comm<Word, Word>) => {
    const words: Word[] = [];
    let check = () => {};
    comm.listen((heard) => {
      words.push(heard);
      check();
    });
    const first = (count: number) =>
      new Promise<readonly Word[]>((resolve) => {
        check = () => {
          if (words.length >= count) resolve(words);
        };
        check();
      });
    return { words, first };
  };

  describe("a comm", () => {
    trial("brings messages whole and in order, from here to there", async ({ here, there }) => {
      await there.listen();
      const words = Array.from({ length: 200 }, (_, i) => word({ i, text: "x".repeat(i) }));
      for (const each of words) here.send(each);
      assert.deepEqual(await there.heard(200), words);
    });

    trial("brings messages whole and in order, from there to here", async ({ here, there }) => {
      const { first } = ears(here);
      const words = Array.from({ length: 200 }, (_, i) => word({ i, list: [i, [i]] }));
      await there.send(...words);
      assert.deepEqual(await first(200), words);
    });

    trial("holds what was sent before anybody listened", async ({ here, there }) => {
      here.send(word("early"));
      here.send(word("earlier than listening"));
      await there.send(word("early too"));
      await there.listen();
      assert.deepEqual(await there.heard(2), [word("early"), word("earlier than listening")]);
      assert.deepEqual(await ears(here).first(1), [word("early too")]);
    });

    trial("carries both directions at once", async ({ here, there }) => {
      await there.listen();
      const { first } = ears(here);
      for (let i = 0; i < 50; i++) {
        here.send(word(i));
        await there.send(word(-i));
      }
      assert.equal((await there.heard(50)).length, 50);
      assert.deepEqual(
        await first(50),
        Array.from({ length: 50 }, (_, i) => word(-i)),
      );
    });

    trial("carries 16 MB", async ({ here, there }) => {
      await there.listen();
      const { first } = ears(here);
      here.send(word(new Float64Array(2_000_000).fill(3)));
      const [[there16]] = (await there.heard(1)) as [[Float64Array]];
      assert.deepEqual([there16.length, there16[1_999_999]], [2_000_000, 3]);
      await there.send(word(new Float64Array(2_000_000).fill(4)));
      const [[here16]] = (await first(1)) as [[Float64Array]];
      assert.deepEqual([here16.length, here16[1_999_999]], [2_000_000, 4]);
    });

    trial("does not wait for what it sends to be heard", async ({ here, there }) => {
      for (let i = 0; i < 1000; i++) assert.equal(here.send(word(i)), undefined);
      await there.listen();
      assert.equal((await there.heard(1000)).length, 1000);
    });

    if (copies) {
      trial("sends what a message is, not what becomes of it", async ({ here, there }) => {
        const list = ["as it was"];
        here.send(word(list));
        list[0] = "changed";
        await there.listen();
        assert.deepEqual(await there.heard(1), [word(["as it was"])]);
      });

      trial("throws for what cannot be cloned, and goes on", async ({ here, there }) => {
        await there.listen();
        assert.throws(() => here.send(word(() => 1)), { name: refusesWith });
        assert.throws(() => here.send(word({ deep: [Symbol("s")] })), { name: refusesWith });
        here.send(word("after"));
        assert.deepEqual(await there.heard(1), [word("after")]);
      });
    }

    if (transfers) {
      trial("takes away what is transferred", async ({ here, there }) => {
        const array = new Uint8Array(1000).fill(5);
        here.send(word(array), [array.buffer]);
        assert.equal(array.byteLength, 0);
        await there.listen();
        const [[arrived]] = (await there.heard(1)) as [[Uint8Array]];
        assert.deepEqual([arrived.length, arrived[999]], [1000, 5]);
      });
    }

    trial("is closed once, with the first reason, and says nothing afterwards", async ({ here, there }) => {
      const { words } = ears(here);
      here.close("enough");
      here.close("enough again");
      assert.equal(await here.closed, "enough");
      assert.doesNotThrow(() => here.send(word("too late")));
      await there.send(word("too late to be heard"));
      await new Promise((resolve) => setImmediate(resolve));
      assert.deepEqual(words, []);
    });

    trial("brings nothing to who listens after it was closed", async ({ here, there }) => {
      await there.send(word("held"));
      await new Promise((resolve) => setImmediate(resolve));
      here.close("nobody ever listened");
      const { words } = ears(here);
      await new Promise((resolve) => setImmediate(resolve));
      assert.deepEqual(words, []);
    });

    if (tellsReason) {
      trial("closed here, is closed there, after what was said before", async ({ here, there }) => {
        await there.listen();
        here.send(word("before"));
        here.close("enough here");
        assert.equal(await there.closed, "enough here");
        assert.deepEqual(await there.heard(1), [word("before")]);
      });

      trial("closed there, is closed here, after what was said before", async ({ here, there }) => {
        const { words } = ears(here);
        await there.send(word("before"));
        await there.close?.("enough there");
        assert.equal(await here.closed, "enough there");
        assert.deepEqual(words, [word("before")]);
      });
    }
  });
}

/** The far end of a pair in the same thread. */
export function nearby(comm: Comm<Word, Word>): FarEnd {
  const words: Word[] = [];
  let check = () => {};
  return {
    send: (...each) => {
      for (const one of each) comm.send(one);
    },
    listen: () =>
      comm.listen((heard) => {
        words.push(heard);
        check();
      }),
    heard: (count) =>
      new Promise((resolve) => {
        check = () => {
          if (words.length >= count) resolve(words);
        };
        check();
      }),
    close: (reason) => comm.close(reason),
    closed: comm.closed,
  };
}
