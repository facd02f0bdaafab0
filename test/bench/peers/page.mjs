// What a page of the bench of peers can do: with manyhands, with PeerJS, and with a data channel by hand.
import * as manyhands from "/dist/peer.js";

const { Peer } = globalThis;
const trusting = { sandbox: false, iTrustEverybodyInThisRoomWithMyOriginAndNetwork: true };
const CHUNK = 64 * 1024;
const HIGH = 4 * 1024 * 1024;
/** Tasks submitted in one turn. */
const PORTION = 10_000;
const state = {};

function peerAt(name, url) {
  const { hostname, port } = new URL(url);
  const peer = new Peer(name, { host: hostname, port: Number(port), path: "/", config: { iceServers: [] } });
  return new Promise((resolve) => peer.on("open", () => resolve(peer)));
}

/** Answers what comes: a small message by the same, many bytes by one word when all are there. */
function serve(channel) {
  channel.binaryType = "arraybuffer";
  let left = 0;
  channel.onmessage = ({ data }) => {
    if (typeof data === "string" && data.startsWith("expect ")) left = Number(data.slice(7));
    else if (typeof data === "string") channel.send(data);
    else {
      left -= data.byteLength;
      if (left === 0) channel.send("all");
    }
  };
}

/** Has a thread of this page ask, or answer, on two channels that go past it. */
function handOver(connection, asks) {
  state.echo = new Worker("/echo-worker.js");
  const [bare, ours] = [10, 11].map((id) => connection.createDataChannel("echo", { negotiated: true, id }));
  const ready = new Promise((resolve) => {
    state.echo.onmessage = resolve;
  });
  state.echo.postMessage({ bare, ours, asks }, [bare, ours]);
  return ready;
}

const word = (channel) =>
  new Promise((resolve) => {
    channel.onmessage = ({ data }) => resolve(data);
  });
const addressOf = async (name) => {
  for (;;) {
    const { workers } = await state.client.schedulerInfo();
    const found = Object.keys(workers).find((address) => workers[address].name === name);
    if (found !== undefined) return found;
  }
};

globalThis.bench = {
  async openRoom(name, signaling) {
    state.cluster = new manyhands.LocalCluster({ nWorkers: 0 });
    const { invitation } = await state.cluster.listen(`peer:${name}`, { signaling });
    state.client = new manyhands.Client(state.cluster);
    return invitation;
  },
  async lend(invitation, name, nWorkers) {
    state.host = await manyhands.join(invitation, { name, nWorkers, ...trusting });
  },
  /** When the first result came of a host of that name. */
  async firstResult(name) {
    state.client
      .with({ workers: [`${name}-0`] })
      .submit(() => 1)
      .addDoneCallback(() => state.firstAt(Date.now()));
    await state.client.schedulerInfo();
  },
  whenFirst: () => state.first,
  expectFirst() {
    state.first = new Promise((resolve) => {
      state.firstAt = resolve;
    });
  },
  async joinNow(invitation, name) {
    const began = Date.now();
    state.host = await manyhands.join(invitation, { name, nWorkers: 1, ...trusting });
    return began;
  },
  async routes() {
    return (await state.client.schedulerInfo()).links.map(({ route }) => route);
  },
  /** MB/s, from the worker of one page to that of another. */
  async move(megabytes, reader) {
    const [from, to] = [await addressOf("one-0"), await addressOf(`${reader}-0`)];
    const made = state.client
      .with({ workers: [from] })
      .submit((bytes) => new Uint8Array(bytes).fill(1), megabytes * 1e6);
    await new Promise((resolve) => made.addDoneCallback(resolve));
    const began = performance.now();
    await state.client
      .with({ workers: [to] })
      .submit((bytes) => bytes[bytes.length - 1], made)
      .result();
    const ms = performance.now() - began;
    made.release();
    return megabytes / (ms / 1000);
  },
  /** From now on, tasks of this page's main thread that take more than 50 ms are noted. */
  watch() {
    state.longest = { coming: [], sleeping: [], busy: [] };
    state.phase = "coming";
    new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) state.longest[state.phase].push(Math.round(duration));
    }).observe({ type: "longtask" });
  },
  longest: () => state.longest,
  /** A task of 1 s for each peer, then many small ones, and a value from each peer to the next. */
  async busy(pages, tasks) {
    const { client } = state;
    await client.waitForWorkers(pages);
    state.phase = "sleeping";
    const began = performance.now();
    const numbers = (count) => Array.from({ length: count }, (_, i) => i);
    const sleep = () => new Promise((resolve) => setTimeout(resolve, 1000, 1));
    await client.gather(client.map(sleep, numbers(pages)));
    const slept = performance.now();
    state.phase = "busy";
    const small = [];
    // In portions, as by a program whose page is to stay free of its own doing.
    while (small.length < tasks) {
      small.push(...client.map((x) => x + 1, numbers(Math.min(PORTION, tasks - small.length))));
      await new Promise((turn) => setTimeout(turn, 0));
    }
    const on = (i) => client.with({ workers: [`c${i % pages}-0`] });
    const read = numbers(pages).map((i) => {
      const made = on(i).submit((n) => new Float64Array(10_000).fill(n), i);
      return on(i + 1).submit((values) => values[9_999], made);
    });
    await client.gather([...small, ...read]);
    return { seconds: slept - began, smallMs: performance.now() - slept };
  },
  async seconds(pages, each) {
    let longest = 0;
    const observer = new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) longest = Math.max(longest, duration);
    });
    observer.observe({ type: "longtask" });
    await state.client.waitForWorkers(pages);
    const began = performance.now();
    const tasks = pages * each;
    const sleeps = state.client.map(
      async () => {
        await new Promise((resolve) => setTimeout(resolve, 1000));
        return 1;
      },
      Array.from({ length: tasks }, (_, i) => i),
    );
    await state.client.gather(sleeps);
    return { ms: performance.now() - began, longest, tasks };
  },
  async listenBare(name, url) {
    const peer = await peerAt(name, url);
    state.met = new Promise((resolve) => {
      peer.on("connection", (connection) => {
        connection.on("open", () => {
          if (connection.serialization === "raw") {
            handOver(connection.peerConnection, false);
            serve(connection.peerConnection.createDataChannel("bare", { negotiated: true, id: 9 }));
            resolve();
          } else connection.on("data", (data) => connection.send(data.byteLength ?? data));
        });
      });
    });
  },
  met: () => state.met,
  async connectBare(name, url) {
    const peer = await peerAt(`${name}-asker`, url);
    const raw = peer.connect(name, { serialization: "raw", reliable: true });
    await new Promise((resolve) => raw.on("open", resolve));
    state.bare = raw.peerConnection.createDataChannel("bare", { negotiated: true, id: 9 });
    state.bare.binaryType = "arraybuffer";
    state.bare.bufferedAmountLowThreshold = HIGH / 4;
    await new Promise((resolve) => {
      if (state.bare.readyState === "open") resolve();
      else state.bare.onopen = resolve;
    });
    await handOver(raw.peerConnection, true);
    state.packed = peer.connect(name, { serialization: "binary", reliable: true });
    await new Promise((resolve) => state.packed.on("open", resolve));
  },
  async bare(megabytes) {
    const bytes = megabytes * 1e6;
    const channel = state.bare;
    const began = performance.now();
    channel.send(`expect ${bytes}`);
    const all = word(channel);
    const value = new Uint8Array(bytes);
    for (let at = 0; at < bytes; at += CHUNK) {
      if (channel.bufferedAmount > HIGH)
        await new Promise((resolve) => {
          channel.onbufferedamountlow = resolve;
        });
      channel.send(value.subarray(at, Math.min(bytes, at + CHUNK)));
    }
    await all;
    return megabytes / ((performance.now() - began) / 1000);
  },
  /** Median milliseconds of a small message there and back, from thread to thread: by hand, and through a trunk. In so many groups of each. */
  roundTrips(groups) {
    return new Promise((resolve) => {
      state.echo.onmessage = ({ data }) => resolve(data);
      state.echo.postMessage(groups);
    });
  },
  async binary(megabytes) {
    const began = performance.now();
    const answer = new Promise((resolve) => state.packed.once("data", resolve));
    state.packed.send(new Uint8Array(megabytes * 1e6));
    await answer;
    return megabytes / ((performance.now() - began) / 1000);
  },
};
document.title = "ready";
