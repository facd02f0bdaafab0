/** Networks that change under peers: a host in a namespace of its own goes by another address from one moment to the next. For root. */
import assert from "node:assert/strict";
import { after, it } from "node:test";
import { Client, LocalCluster } from "manyhands/peer";
import { serveSignaling } from "../../src/adapters/signaling-server.ts";
import { Network, obstacle } from "../support/networks.ts";
import { type Started, startHost, tokens } from "./commands.ts";

const why = obstacle();

if (why !== undefined) it(`peers whose network changes: not tried, for ${why}`, () => console.log(`not tried: ${why}`));
else {
  const undo: (() => unknown)[] = [];
  after(async () => {
    for (const step of undo.reverse()) await step();
  });

  it("a peer whose network changes comes back by another way, with all that it has made", {
    timeout: 90_000,
  }, async () => {
    const network = new Network(3);
    undo.push(() => network.remove());
    const signaling = await serveSignaling({ port: 0, host: "0.0.0.0" });
    undo.push(() => signaling.close());
    const cluster = new LocalCluster({ nWorkers: 0 });
    undo.push(() => cluster.close());
    const { invitation } = await cluster.listen("peer:on the way", {
      signaling: `http://${network.gateway}:${new URL(signaling.url).port}/`,
      tokens,
    });
    const host: Started = await startHost(invitation, ["--name", "walker"], { within: network.within });
    undo.push(() => host.kill());
    const client = new Client(cluster);
    undo.push(() => client.close());
    await client.waitForWorkers(1);
    // What it has made, and what it is at.
    const made = client.submit(() => {
      const scope = globalThis as { made?: number };
      scope.made = (scope.made ?? 0) + 1;
      return new Float64Array(50_000).fill(scope.made);
    });
    const under = client.submit(async () => {
      const scope = globalThis as { runs?: number };
      scope.runs = (scope.runs ?? 0) + 1;
      await new Promise((resolve) => setTimeout(resolve, 2_000));
      return `run ${scope.runs}`;
    });
    await client.submit((values: Float64Array) => values.length, made).result();
    network.move(2, 7);
    // It was given up before it found that out, and what is small may have to be done again.
    assert.match(await under.result(), /^run [12]$/);
    const last = client.submit((values: Float64Array) => values[49_999], made);
    assert.equal(await last.result(), 1);
    // By another way: there is none from the old address.
    assert.match(network.inside("ip", "addr", "show", "dev", "far"), /10\.231\.3\.7/);
    assert.deepEqual(
      Object.values((await client.schedulerInfo()).workers).map(({ name }) => name),
      ["walker-0"],
    );
  });
}
