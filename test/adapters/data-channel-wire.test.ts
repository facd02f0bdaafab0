/** Data channels between two connections in one process, made by node-datachannel, which is as close to a browser's as Node comes. */
import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import * as rtc from "node-datachannel/polyfill";
import { type Channel, DataChannelWire } from "../../src/adapters/data-channel-wire.ts";
import { SystemClock } from "../../src/adapters/system-clock.ts";
import { Trunk } from "../../src/runtime/trunk.ts";
import { nearby, promisesOfComm } from "../compliance/comm.ts";
import { promisesOfWire } from "../compliance/wire.ts";

const { RTCPeerConnection } = rtc;
const config = { iceServers: [], bindAddress: "127.0.0.1" } as object;

/** Two connections that have found each other. That breaks off now and then, with nothing wrong: then it is tried again. */
async function connections() {
  for (let attempt = 1; ; attempt++) {
    const [left, right] = [new RTCPeerConnection(config), new RTCPeerConnection(config)];
    const isUp = await connect(left, right);
    if (isUp) return { left, right };
    left.close();
    right.close();
    assert.ok(attempt < 10, "no connection can be made between two ends in one process");
  }
}

type Connection = InstanceType<typeof RTCPeerConnection>;

async function connect(left: Connection, right: Connection): Promise<boolean> {
  const brokenOff = Promise.race(
    [left, right].map(
      (each) =>
        new Promise<boolean>((resolve) => {
          each.addEventListener("connectionstatechange", () => {
            if (each.connectionState === "closed" || each.connectionState === "failed") resolve(false);
          });
        }),
    ),
  );
  left.onicecandidate = ({ candidate }) => void (candidate && right.addIceCandidate(candidate));
  right.onicecandidate = ({ candidate }) => void (candidate && left.addIceCandidate(candidate));
  const first = left.createDataChannel("first");
  const opened = new Promise<boolean>((resolve) => first.addEventListener("open", () => resolve(true)));
  await left.setLocalDescription(await left.createOffer());
  await right.setRemoteDescription(left.localDescription as never);
  await right.setLocalDescription(await right.createAnswer());
  await left.setRemoteDescription(right.localDescription as never);
  return Promise.race([opened, brokenOff]);
}
const { left, right } = await connections();
let made = 0;
/** The two ends of a new channel; the far one is there when its connection has heard of it. */
async function ends(): Promise<readonly [Channel, Channel]> {
  const label = `wire ${++made}`;
  const there = new Promise<Channel>((resolve) => {
    right.ondatachannel = ({ channel }) => {
      if (channel.label === label) resolve(channel as unknown as Channel);
    };
  });
  const here = left.createDataChannel(label) as unknown as Channel;
  return [here, await there];
}
after(() => {
  left.close();
  right.close();
});
const bytes = (...values: number[]) => new Uint8Array(values);
const next = (wire: DataChannelWire) =>
  new Promise<Uint8Array>((resolve) => wire.listen((message) => resolve(message)));

promisesOfWire(async () => {
  const [here, there] = await ends();
  return { here: new DataChannelWire(here), there: new DataChannelWire(there) };
});

describe("on a data channel,", () =>
  promisesOfComm(
    async () => {
      const clock = new SystemClock();
      const trunks = (await ends()).map((channel) => {
        const trunk = new Trunk({ clock });
        trunk.attach(new DataChannelWire(channel));
        return trunk;
      }) as [Trunk, Trunk];
      return {
        here: trunks[0].channel(7),
        there: nearby(trunks[1].channel(7)),
        end: async () => {
          for (const trunk of trunks) trunk.close("over");
          await Promise.all(trunks.map(({ closed }) => closed));
        },
      };
    },
    { copies: true, transfers: true, tellsReason: true, refusesWith: "UnserializableError" },
  ));

describe("a wire on a data channel", () => {
  it("brings what was sent long before the other end was made", { timeout: 10_000 }, async () => {
    const [here, there] = await ends();
    const wire = new DataChannelWire(here);
    wire.send(bytes(1, 2, 3));
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(wire.bufferedBytes, 3);
    const other = new DataChannelWire(there);
    assert.deepEqual(await next(other), bytes(1, 2, 3));
    other.close("enough");
    assert.equal(await wire.closed, "enough");
  });

  it("brings 40 MB whole and in order, more than a channel takes at a time", { timeout: 30_000 }, async () => {
    const [here, there] = await ends();
    const [wire, other] = [new DataChannelWire(here), new DataChannelWire(there)];
    const count = 640;
    let heard = 0;
    const all = new Promise<void>((resolve, reject) =>
      other.listen((message) => {
        if (message.byteLength !== 65_536 || message[65_535] !== heard % 251) reject(new Error(`wrong: ${heard}`));
        if (++heard === count) resolve();
      }),
    );
    for (let i = 0; i < count; i++) wire.send(new Uint8Array(65_536).fill(i % 251));
    assert.ok(wire.bufferedBytes > 30_000_000, "it waits here");
    const drained = new Promise<void>((resolve) => wire.onDrain(resolve));
    await Promise.all([all, drained]);
    wire.close("all of it");
    assert.equal(await other.closed, "all of it");
  });

  it("says goodbye after what was sent before", { timeout: 10_000 }, async () => {
    const [here, there] = await ends();
    const [wire, other] = [new DataChannelWire(here), new DataChannelWire(there)];
    wire.send(bytes(1));
    await next(other);
    const words: number[] = [];
    other.listen(([value = 0]) => words.push(value));
    wire.send(bytes(7));
    wire.close("that was it");
    wire.send(bytes(8));
    assert.equal(await other.closed, "that was it");
    assert.deepEqual(words, [7]);
  });

  it("ends when the other end goes without a word", { timeout: 10_000 }, async () => {
    const [here, there] = await ends();
    const [wire, other] = [new DataChannelWire(here), new DataChannelWire(there)];
    other.send(bytes(1));
    await next(wire);
    there.close();
    assert.equal(await wire.closed, "the other end is gone");
    assert.equal(wire.bufferedBytes, 0);
  });
});
