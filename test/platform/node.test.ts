/** The cases that hold everywhere, on Node's worker_threads. */
import { after, describe, it } from "node:test";
import { Client, LocalCluster } from "manyhands";
import type { Surroundings } from "./cases/case.ts";
import { groups } from "./cases/groups.ts";

const cluster = new LocalCluster({ nWorkers: 2 });
const surroundings: Surroundings = {
  cluster,
  client: new Client(cluster),
  work: new URL("./work-module.mjs", import.meta.url),
  isNode: true,
};

after(() => cluster.close());

for (const [group, cases] of Object.entries(groups)) {
  describe(group, () => {
    for (const { name, limitMs = 4_000, run } of cases) {
      it(name, { timeout: limitMs }, async () => void (await run(surroundings)));
    }
  });
}
