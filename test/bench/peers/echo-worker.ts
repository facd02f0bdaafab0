/** A thread of the bench of peers: asks and answers small messages over a channel that it was handed, by hand or through a trunk. */
import { type Channel, DataChannelWire } from "../../../src/adapters/data-channel-wire.ts";
import { SystemClock } from "../../../src/adapters/system-clock.ts";
import { Trunk } from "../../../src/runtime/trunk.ts";

interface Order {
  readonly bare: RTCDataChannel;
  readonly ours: RTCDataChannel;
  readonly asks: boolean;
}

const word = "x".repeat(100);

self.onmessage = ({ data: { bare, ours, asks } }: MessageEvent<Order>) => {
  const trunk = new Trunk({ clock: new SystemClock() });
  trunk.attach(new DataChannelWire(ours as unknown as Channel));
  const comm = trunk.channel(0);
  if (!asks) {
    bare.onmessage = ({ data }) => bare.send(data);
    comm.listen((message) => comm.send(message));
    return;
  }
  const rounds = async (ask: (answered: () => void) => void, count: number) => {
    const times: number[] = [];
    for (let i = 0; i < count; i++) {
      const began = performance.now();
      await new Promise<void>(ask);
      times.push(performance.now() - began);
    }
    return times.sort((a, b) => a - b)[count >> 1];
  };
  let answered = () => {};
  bare.onmessage = () => answered();
  comm.listen(() => answered());
  self.onmessage = async ({ data: count }: MessageEvent<number>) => {
    const bareMs = await rounds((done) => {
      answered = done;
      bare.send(word);
    }, count);
    const oursMs = await rounds((done) => {
      answered = done;
      comm.send(word);
    }, count);
    postMessage([bareMs, oursMs]);
  };
  const ready = () => postMessage("ready");
  if (bare.readyState === "open") ready();
  else bare.onopen = ready;
};
