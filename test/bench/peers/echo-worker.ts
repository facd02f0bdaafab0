/** A thread of the bench of peers: asks and answers small messages over a channel that it was handed, by hand or through a trunk. */
import { type Channel, DataChannelWire } from "../../../src/adapters/data-channel-wire.ts";
import { SystemClock } from "../../../src/adapters/system-clock.ts";
import { Trunk } from "../../../src/runtime/trunk.ts";

interface Order {
  readonly bare: RTCDataChannel;
  readonly ours: RTCDataChannel;
  readonly asks: boolean;
}

const IN_A_GROUP = 10;
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
  /** The clock is blurred to 0.1 ms, a quarter of what is measured: each reading covers some. */
  const rounds = async (ask: (answered: () => void) => void) => {
    const began = performance.now();
    for (let i = 0; i < IN_A_GROUP; i++) await new Promise<void>(ask);
    return (performance.now() - began) / IN_A_GROUP;
  };
  const median = (times: number[]) => times.sort((a, b) => a - b)[times.length >> 1];
  let answered = () => {};
  bare.onmessage = () => answered();
  comm.listen(() => answered());
  self.onmessage = async ({ data: groups }: MessageEvent<number>) => {
    const [bareMs, oursMs]: [number[], number[]] = [[], []];
    // In turn, so that whatever else the machine does befalls both.
    for (let i = 0; i < groups; i++) {
      const byHand = rounds((done) => {
        answered = done;
        bare.send(word);
      });
      bareMs.push(await byHand);
      const byTrunk = rounds((done) => {
        answered = done;
        comm.send(word);
      });
      oursMs.push(await byTrunk);
    }
    postMessage([median(bareMs), median(oursMs)]);
  };
  const ready = () => postMessage("ready");
  if (bare.readyState === "open") ready();
  else bare.onopen = ready;
};
