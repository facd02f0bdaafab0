/** Trunks over wires by which long messages come in parts, and trunks that do not copy what they are given. */
import assert from "node:assert/strict";
import { it } from "node:test";
import { memoryWire } from "../../src/adapters/memory-wire.ts";
import { SystemClock } from "../../src/adapters/system-clock.ts";
import type { Wire } from "../../src/ports/wire.ts";
import { Trunk } from "../../src/runtime/trunk.ts";
import { Incoming } from "../../src/runtime/trunk-incoming.ts";
import { ownMemory } from "../../src/runtime/trunk-options.ts";
import { DATA, DATA_BESIDE, FIRST, type Frame, LAST, putCount } from "../../src/runtime/trunk-words.ts";

const limit = { timeout: 20_000 };
const clock = new SystemClock();

/** What comes by `wire` comes in parts of up to so many bytes. */
function inParts(wire: Wire, most: number): Wire {
  return Object.assign(Object.create(wire) as Wire, {
    maxMessageBytes: wire.maxMessageBytes,
    closed: wire.closed,
    send: (bytes: Uint8Array<ArrayBuffer>) => wire.send(bytes),
    onDrain: (drained: () => void) => wire.onDrain(drained),
    close: (reason: string) => wire.close(reason),
    listen: () => assert.fail("it is to be listened to in parts"),
    listenToParts: (onPart: (bytes: Uint8Array<ArrayBuffer>, left: number) => void) =>
      wire.listen((bytes) => {
        for (let at = 0; at < bytes.length; at += most) {
          const part = bytes.subarray(at, at + most);
          onPart(part, bytes.length - at - part.length);
        }
      }),
  });
}

function trunks(most: number, memory = ownMemory): readonly [Trunk, Trunk] {
  const [left, right] = memoryWire();
  const both = [new Trunk({ clock, memory }), new Trunk({ clock, memory })] as const;
  both[0].attach(inParts(Object.defineProperty(left, "bufferedBytes", { value: 0, writable: true }), most));
  both[1].attach(inParts(Object.defineProperty(right, "bufferedBytes", { value: 0, writable: true }), most));
  return both;
}

it("messages of any length arrive whole, in parts of any length", limit, async () => {
  for (const most of [1000, 65_536, 7]) {
    const [one, other] = trunks(most);
    const heard: unknown[] = [];
    const sent = [
      "short",
      { numbers: new Float64Array(most === 7 ? 3_000 : 90_000).fill(2.5), text: "é".repeat(20_000) },
      [new Uint8Array(20_000).fill(1), new Uint8Array(17_000).fill(2), 5],
      "x".repeat(40_000),
    ];
    await new Promise<void>((resolve) => {
      other.channel(3).listen((message) => {
        heard.push(message);
        if (heard.length === sent.length) resolve();
      });
      for (const message of sent) one.channel(3).send(message);
    });
    assert.deepEqual(heard, sent);
    assert.equal(other.statistics().receivedBytes, one.statistics().sentBytes);
    one.close("over");
    other.close("over");
  }
});

it("a piece that is longer or shorter than was said is against the rules, in parts, too", () => {
  const frame = (type: number, flags: number, bytes: number) => {
    const head = new Uint8Array(20);
    head[0] = (type << 3) | flags;
    return head.subarray(0, putCount(head, putCount(head, 1, 7), bytes)) as Uint8Array<ArrayBuffer>;
  };
  const stage = () => {
    const said: [Frame, number][] = [];
    const incoming = new Incoming({
      frame: () => true,
      arrived: () => said.push([{} as Frame, -1]),
      part: (beside, flags, bytes) => said.push([{ ...beside, flags }, bytes.length]),
    });
    return { said, incoming };
  };
  const { said, incoming } = stage();
  incoming.hear(frame(DATA_BESIDE, LAST, 10), 0);
  assert.equal(incoming.isWhole, false);
  incoming.hear(new Uint8Array(4), 6);
  incoming.hear(new Uint8Array(6), 0);
  assert.equal(incoming.isWhole, true);
  assert.deepEqual(
    said.map(([{ flags }, bytes]) => [flags, bytes]),
    [
      [0, 4],
      [undefined, -1],
      [LAST, 6],
    ],
    "the last part alone ends the message, and it is counted before that",
  );
  for (const [bytes, left] of [
    [4, 5],
    [4, 7],
    [11, 0],
  ] as const) {
    const other = stage().incoming;
    other.hear(frame(DATA_BESIDE, 0, 10), 0);
    assert.throws(() => other.hear(new Uint8Array(bytes), left), { name: "ProtocolError" });
  }
  const first = stage();
  first.incoming.hear(frame(DATA_BESIDE, FIRST | LAST, 10), 0);
  first.incoming.hear(new Uint8Array(4), 6);
  assert.equal(first.said.length, 0, "what begins a message is put together");
  first.incoming.hear(new Uint8Array(6), 0);
  assert.deepEqual(
    first.said.slice(1).map(([, bytes]) => bytes),
    [10],
  );
  const between = stage().incoming;
  const both = new Uint8Array([...frame(DATA_BESIDE, 0, 10), ...frame(DATA, 0, 0)]);
  assert.throws(() => between.hear(both, 0), /A piece was to come, not another frame/);
});

it("what is borrowed is sent as it is when it is sent, and what is gone by then closes the trunk", limit, async () => {
  const [one, other] = trunks(1000, { ...ownMemory, borrows: true });
  const numbers = new Float64Array(50_000).fill(1);
  const arrived = new Promise<unknown>((resolve) => other.channel(1).listen(resolve));
  one.channel(1).send({ numbers });
  numbers[49_999] = 7;
  assert.equal(((await arrived) as { numbers: Float64Array }).numbers[49_999], 7, "it was copied");
  const gone = new Float64Array(50_000);
  one.channel(1).send({ gone });
  structuredClone(gone, { transfer: [gone.buffer] });
  assert.match(await one.closed, /what was being sent is gone/);
  assert.match(await other.closed, /what was being sent is gone/);
});
