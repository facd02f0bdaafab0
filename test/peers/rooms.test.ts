/** Rooms: pages of both browsers, and Node, that find each other, lend threads and exchange values. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type * as Manyhands from "manyhands/peer";
import { type Signaling, serveSignaling } from "manyhands/peer";
import type { Page } from "puppeteer-core";
import { browserNames } from "../browsers/browsers.mjs";
import { type PageServer, servePages, startBrowser, type TestBrowser } from "./pages.ts";

declare const manyhands: typeof Manyhands;
declare let cluster: Manyhands.LocalCluster;
declare let client: Manyhands.Client;
declare let host: Awaited<ReturnType<typeof Manyhands.join>>;

let signaling: Signaling;
let server: PageServer;
before(async () => {
  signaling = await serveSignaling({ port: 0 });
  server = await servePages();
});
after(async () => {
  await server.close();
  await signaling.close();
});

/** Opens a room in a page: a scheduler without threads of its own, and a client. */
async function openRoom(page: Page, room: string, url: string) {
  return page.evaluate(
    async (room, signaling) => {
      const { LocalCluster, Client } = manyhands;
      Object.assign(globalThis, { cluster: new LocalCluster({ nWorkers: 0 }) });
      const listening = await cluster.listen(`peer:${room}`, { signaling });
      Object.assign(globalThis, { client: new Client(cluster) });
      return { address: listening.address, invitation: listening.invitation, tokens: listening.tokens };
    },
    room,
    url,
  );
}

async function joinRoom(page: Page, invitation: string, options: object) {
  return page.evaluate(
    async (invitation, options) => {
      Object.assign(globalThis, { host: await manyhands.join(invitation, options) });
    },
    invitation,
    options,
  );
}

for (const name of browserNames) {
  describe(`a room in ${name}`, () => {
    let browser: TestBrowser;
    before(async () => {
      browser = await startBrowser(name);
    });
    after(() => browser.close());

    it("two tabs: one submits, the other's threads work, in a box", { timeout: 30_000 }, async () => {
      const [room, guest] = [
        await browser.open(`${server.url}peer.html`),
        await browser.open(`${server.url}peer.html`),
      ];
      const { invitation } = await openRoom(room, `tabs-${name}`, signaling.url);
      await joinRoom(guest, invitation, { nWorkers: 2, signaling: signaling.url });
      const seen = await room.evaluate(async () => {
        const doubled = client.map((x: number) => x * 2, [1, 2, 3]);
        const origin = client.submit(() => globalThis.origin);
        return [await client.gather(doubled), await origin.result()];
      });
      assert.deepEqual(seen, [[2, 4, 6], "null"]);
      await guest.close();
      await room.close();
    });
  });
}
