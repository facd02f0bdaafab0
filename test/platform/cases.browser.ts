/** The cases that hold everywhere, on a browser's Web Workers. */
import { Client, LocalCluster } from "manyhands";
import type { Surroundings } from "./cases/case.ts";
import { groups } from "./cases/groups.ts";

const cluster = new LocalCluster({ nWorkers: 2 });
const surroundings: Surroundings = {
  cluster,
  client: new Client(cluster),
  work: new URL("./work-module.mjs", import.meta.url),
  isNode: false,
};

after(() => cluster.close());

for (const [group, cases] of Object.entries(groups)) {
  describe(group, () => {
    for (const { name, run } of cases) it(name, async () => void (await run(surroundings)));
  });
}
