/** What every wire promises. Both ends are in this thread; what is between them is the wire's affair. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Wire } from "../../src/ports/wire.ts";

export interface Ends {
  readonly here: Wire;
  readonly there: Wire;
  /** Ends whatever they needed. */
  end?(): Promise<void> | void;
}

export interface WireCapabilities {
  /** The other end is told the reason word for word. */
  readonly tellsReason: boolean;
  /** What was sent before it was closed arrives. */
  readonly saysLastWords: boolean;
}

type Bytes = Uint8Array<ArrayBuffer>;

export function promisesOfWire(
  setup: () => Promise<Ends> | Ends,
  { tellsReason, saysLastWords }: WireCapabilities = { tellsReason: true, saysLastWords: true },
): void {
  const trial = (name: string, run: (here: Wire, there: Wire) => Promise<void>) =>
    it(name, { timeout: 20_000 }, async () => {
      const { here, there, end } = await setup();
      try {
        await run(here, there);
      } finally {
        here.close("over");
        there.close("over");
        await Promise.all([here.closed, there.closed]);
        await end?.();
      }
    });
  const both = (name: string, run: (one: Wire, other: Wire) => Promise<void>) => {
    trial(`${name}, from here to there`, run);
    trial(`${name}, from there to here`, (here, there) => run(there, here));
  };

  describe("a wire", () => {
    both("brings messages whole and in order", async (one, other) => {
      const sent = Array.from({ length: 300 }, (_, i) => filled(1 + ((i * 7919) % 3000), i));
      const heard = ears(other, sent.length);
      for (const bytes of sent) one.send(bytes);
      assert.deepEqual(await heard, sent);
    });

    both("brings the largest messages it takes", async (one, other) => {
      const sent = [filled(one.maxMessageBytes, 1), filled(1, 2), filled(one.maxMessageBytes, 3)];
      const heard = ears(other, sent.length);
      for (const bytes of sent) one.send(bytes);
      (await heard).forEach((bytes, i) => {
        assert.ok(equal(bytes, sent[i] as Bytes));
      });
    });

    both("brings what a view shows, and leaves the bytes as they are", async (one, other) => {
      const all = filled(1_000, 7);
      const views = [all.subarray(10, 20), all.subarray(900), all.subarray(10, 20), all];
      const heard = ears(other, views.length);
      for (const view of views) one.send(view);
      assert.deepEqual(
        await heard,
        views.map((view) => view.slice()),
      );
      assert.deepEqual(all, filled(1_000, 7));
    });

    both("hands over plain bytes, which nothing else is written to", async (one, other) => {
      const sent = Array.from({ length: 200 }, (_, i) => filled(1_000, i));
      const heard = ears(other, sent.length);
      for (const bytes of sent) one.send(bytes);
      for (const [i, bytes] of (await heard).entries()) {
        assert.equal(bytes.constructor, Uint8Array);
        assert.deepEqual(bytes, sent[i]);
      }
    });

    both("holds what came before anybody listened", async (one, other) => {
      one.send(filled(5, 1));
      one.send(filled(6, 2));
      await turns();
      assert.deepEqual(await ears(other, 2), [filled(5, 1), filled(6, 2)]);
    });

    trial("carries both directions at once", async (here, there) => {
      const heard = [ears(here, 200), ears(there, 200)] as const;
      for (let i = 0; i < 200; i++) {
        here.send(filled(i + 1, i));
        there.send(filled(i + 1, -i));
      }
      assert.deepEqual((await heard[0])[199], filled(200, -199));
      assert.deepEqual((await heard[1])[199], filled(200, 199));
    });

    both("tells how much it has buffered, and when little is left", async (one, other) => {
      const size = Math.min(one.maxMessageBytes, 64 * 1024);
      const count = Math.ceil((16 * 2 ** 20) / size);
      const heard = ears(other, count);
      let sent = 0;
      let most = 0;
      let drains = 0;
      const fill = () => {
        while (sent < count && one.bufferedBytes <= 2 ** 20) {
          one.send(filled(size, sent++));
          most = Math.max(most, one.bufferedBytes);
        }
      };
      one.onDrain(() => {
        drains++;
        assert.ok(one.bufferedBytes <= 2 ** 20);
        fill();
      });
      fill();
      const all = await heard;
      assert.ok(equal(all[count - 1] as Bytes, filled(size, count - 1)));
      assert.ok(drains > 0 || most <= 2 ** 20, "it stood still");
      assert.ok(most <= 2 ** 20 + 2 * size);
    });

    trial("is closed once, with the first reason, and says nothing afterwards", async (here, there) => {
      const heard: Bytes[] = [];
      here.listen((bytes) => heard.push(bytes));
      here.close("enough");
      here.close("enough again");
      assert.equal(await here.closed, "enough");
      assert.doesNotThrow(() => here.send(filled(1, 1)));
      there.send(filled(2, 2));
      await there.closed;
      assert.doesNotThrow(() => there.send(filled(3, 3)));
      await turns();
      assert.deepEqual(heard, []);
    });

    both("closed at one end, is closed at the other, after what was said before", async (one, other) => {
      const heard: Bytes[] = [];
      other.listen((bytes) => heard.push(bytes));
      for (let i = 0; i < 50; i++) one.send(filled(1_000, i));
      one.close("enough of this");
      const reason = await other.closed;
      if (tellsReason) assert.equal(reason, "enough of this");
      assert.equal(typeof reason, "string");
      if (saysLastWords) assert.equal(heard.length, 50);
    });

    both("closed for a reason that is long, or in many alphabets, is closed all the same", async (one, other) => {
      one.close("日本 – é ".repeat(100));
      assert.equal(typeof (await other.closed), "string");
    });

    trial("brings nothing to who listens after it was closed", async (here, there) => {
      there.send(filled(4, 4));
      await turns();
      here.close("nobody listened");
      const heard: Bytes[] = [];
      here.listen((bytes) => heard.push(bytes));
      await turns();
      assert.deepEqual(heard, []);
    });
  });
}

/** Bytes that say where they belong. */
function filled(length: number, seed: number): Bytes {
  const bytes = new Uint8Array(length);
  for (let i = 0; i < length; i++) bytes[i] = seed * 31 + i * 7 + (i >> 8);
  return bytes;
}

function equal(one: Bytes, other: Bytes): boolean {
  return Buffer.compare(one, other) === 0;
}

function ears(wire: Wire, count: number): Promise<readonly Bytes[]> {
  return new Promise((resolve, reject) => {
    const heard: Bytes[] = [];
    wire.listen((bytes) => {
      heard.push(bytes);
      if (heard.length === count) resolve(heard);
    });
    void wire.closed.then((reason) => reject(new Error(`closed after ${heard.length} messages: ${reason}`)));
  });
}

/** A few turns of the event loop. */
async function turns(): Promise<void> {
  for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve));
}
