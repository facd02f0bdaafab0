/** What the doors for peers in pages share: how peers reach each other, and the box in which they run what others submit. */

import { ComlinkSpawner } from "./adapters/comlink-spawner.ts";
import { DataChannelWire } from "./adapters/data-channel-wire.ts";
import { peerTransport, signalingIn } from "./adapters/peer-transport.ts";
import { Sandbox } from "./adapters/sandbox-box.ts";
import { SharedWorkerCloakroom } from "./adapters/shared-worker-cloakroom.ts";
import { WebWorkerClock } from "./adapters/web-worker-clock.ts";
import { transports } from "./runtime/connectors.ts";
import type { JoinOptions, LentHost } from "./runtime/lending.ts";
import type { Platform } from "./runtime/local-cluster.ts";
import { demandTrust, type PeerJoinOptions } from "./runtime/trust.ts";

/** Has `peer:` addresses reached from this page, and its timers go on while it is hidden. */
export function openToPeers(platform: Platform): void {
  const clock = new WebWorkerClock(platform.clock);
  Object.assign(platform, { clock });
  // Browsers older than that cannot, and say so when it is tried.
  Object.assign(platform.spawner, { takesChannels: true });
  const transport = peerTransport({
    clock,
    prepare: async () => ({}),
    wireOf: (channel, aside) => new DataChannelWire(channel, aside),
    handsOver: true,
    cloakroom: new SharedWorkerCloakroom(),
  });
  transports.set("peer", async () => transport);
}

/** Lends threads of this page: to peers, from within a box, unless they are trusted with everything. */
export async function lend(
  platform: Platform,
  workerText: () => Promise<string>,
  address: string,
  options: PeerJoinOptions,
): Promise<LentHost> {
  const { join } = await platform.elsewhere();
  const isPeer = address.startsWith("peer:");
  const isBoxed = options.sandbox ?? isPeer;
  if (isPeer) demandTrust(options);
  // Other hosts are found where the room is, whatever they say of where they are.
  const plain: JoinOptions = { signaling: signalingIn(address), ...options, sandbox: false };
  if (!isBoxed) return behaved(await join(platform, address, plain));
  const sandbox = new Sandbox(await workerText());
  const spawner = new ComlinkSpawner(platform.spawner.cores, [() => sandbox.start()]);
  try {
    const host = await join({ ...platform, spawner }, address, plain);
    host.closed.then((reason) => sandbox.remove(reason));
    return behaved(host);
  } catch (error) {
    sandbox.remove("it could not join");
    throw error;
  }
}

/** A page that is closed says so, and one that the browser is about to stop takes nothing more to do until it goes on. */
function behaved(host: LentHost): LentHost {
  const over = new AbortController();
  const { signal } = over;
  addEventListener("pagehide", () => void host.close(), { signal });
  let wasPaused = false; // By whoever has the page: then it stays so.
  document.addEventListener(
    "freeze",
    () => {
      wasPaused = host.isPaused;
      void host.pause();
    },
    { signal },
  );
  document.addEventListener("resume", () => void (wasPaused || host.resume()), { signal });
  host.closed.then(() => over.abort());
  return host;
}
