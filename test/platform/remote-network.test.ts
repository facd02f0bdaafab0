/** Hosts in network namespaces of their own, whose links to the scheduler are cut, slow and lossy, or lead nowhere. For root, with Debian's iproute2. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { Client, type ListenEvent, type Listening, LocalCluster } from "manyhands";
import { Network, obstacle } from "../support/networks.ts";
import { type Started, startHost, tokens } from "./commands.ts";

const soon = <T>(x: T) => new Promise<T>((resolve) => setTimeout(() => resolve(x), 10));
const numbers = (count: number) => Array.from({ length: count }, (_, i) => i);
const sum = (all: readonly number[]) => all.reduce((a, b) => a + b, 0);

const why = obstacle();

/** Whether the kernel can make a network slow and lossy. */
function hasNetem(network: Network): boolean {
  try {
    network.shape("delay", "0ms");
    return true;
  } catch {
    return false;
  }
}

if (why !== undefined) {
  it(`hosts in networks of their own: not tried, for ${why}`, () => console.log(`not tried: ${why}`));
} else {
  describe("hosts in networks of their own", { timeout: 100_000 }, () => {
    let networks: Network[];
    let cluster: LocalCluster;
    let place: Listening;
    let client: Client;
    let hosts: Started[];
    const events: ListenEvent[] = [];

    before(async () => {
      networks = [1, 2].map((number) => new Network(number));
      cluster = new LocalCluster({ nWorkers: 0 });
      place = await cluster.listen("ws://0.0.0.0:0", { tokens, leaseMs: 3000, onEvent: (event) => events.push(event) });
      const { port } = new URL(place.address);
      hosts = await Promise.all(
        networks.map(({ gateway, within }, i) =>
          startHost(`ws://${gateway}:${port}`, ["--name", `net${i}`], { within }),
        ),
      );
      client = new Client(cluster);
      await client.waitForWorkers(2);
    });

    after(async () => {
      await client?.close();
      for (const host of hosts ?? []) await host.kill();
      await cluster?.close();
      for (const network of networks ?? []) network.remove();
    });

    const on = (i: number) => client.with({ workers: [`net${i}-0`] });

    it("exchange values by way of the scheduler where they cannot reach each other", async () => {
      const made = on(0).submit(() => new Float64Array(200_000).fill(4));
      assert.equal(
        await on(1)
          .submit((x: Float64Array) => x[199_999], made)
          .result(),
        4,
      );
      assert.deepEqual(
        (await client.schedulerInfo()).links.map(({ route }) => route),
        ["relay"],
      );
    });

    it("lose and repeat nothing when a cable is pulled and put back", async () => {
      const futures = on(0).map(soon, numbers(100));
      await futures[2]?.result();
      networks[0]?.cut(true);
      await on(1).submit(soon, 1000).result();
      networks[0]?.cut(false);
      assert.equal(sum(await client.gather(futures)), sum(numbers(100)));
      assert.equal(events.filter(({ type }) => type === "left").length, 0);
    });

    it("work over a slow and lossy network, where the kernel can make one", async () => {
      if (!hasNetem(networks[0] as Network))
        return console.log("not tried: this kernel has no netem; see test/platform/remote.test.ts for a slow one");
      networks[0]?.shape("delay", "30ms", "10ms", "loss", "3%", "rate", "50mbit");
      const made = on(0).submit(() => new Float64Array(100_000).fill(6));
      assert.equal(
        await on(1)
          .submit((x: Float64Array) => x[99_999], made)
          .result(),
        6,
      );
      assert.equal(sum(await client.gather(on(0).map(soon, numbers(60)))), sum(numbers(60)));
      const info = await client.schedulerInfo();
      const far = Object.values(info.workers).find(({ name }) => name === "net0-0");
      assert.ok(far?.latencyMs !== undefined);
      networks[0]?.shape("delay", "0ms");
    });

    it("are given up when nothing is heard of them, and their work is done elsewhere", async () => {
      const futures = client.map(soon, numbers(100));
      await futures[0]?.result();
      networks[0]?.cut(true); // Nobody is told: half-open.
      assert.equal(sum(await client.gather(futures)), sum(numbers(100)));
      while (!events.some(({ type }) => type === "left")) await soon(0);
      networks[0]?.cut(false);
      await client.waitForWorkers(2);
      assert.equal(await on(0).submit(soon, 8).result(), 8);
    });
  });
}
