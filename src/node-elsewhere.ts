/** What Node needs for dealing with other pages and machines: loaded by its door when somebody does. */

import { ComlinkSpawner } from "./adapters/comlink-spawner.ts";
import { elsewhere as common } from "./elsewhere.ts";
import { openBypasses } from "./runtime/bypasses.ts";
import { transports } from "./runtime/connectors.ts";
import type { Elsewhere } from "./runtime/elsewhere.ts";

for (const scheme of ["ws", "wss"]) {
  transports.set(scheme, async () => (await import("./adapters/websocket-node-transport.ts")).websocketTransport);
}

/** Starts processes in place of threads, which strangers' tasks do less harm in. */
function sandboxes(cores: number): ComlinkSpawner {
  const start = async () =>
    (await import("./adapters/sandbox-process.ts")).inSandbox(new URL("./node-sandbox-worker.cjs", import.meta.url));
  return new ComlinkSpawner(cores, [start]);
}

export const elsewhere: Elsewhere = {
  ...common,
  join: (platform, address, options) => {
    const threads = Object.assign(platform.spawner, { opensLines: true });
    const spawner = options.sandbox === true ? sandboxes(threads.cores) : threads;
    return common.join({ ...platform, spawner, bypasses: openBypasses }, address, options);
  },
};
