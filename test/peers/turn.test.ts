/** Peers that find each other only by way of a TURN server, which their caller names. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type * as Manyhands from "manyhands/peer";
import * as node from "manyhands/peer";
import type { Page } from "puppeteer-core";
import { type Signaling, serveSignaling } from "../../src/adapters/signaling-server.ts";
import { type BrowserName, browserNames } from "../browsers/browsers.mjs";
import { TurnServer } from "../support/turn-server.ts";
import { type PageServer, servePages, startBrowser } from "./pages.ts";
import { lend, move, openRoom, routes, trusting } from "./room.ts";

declare let client: Manyhands.Client;

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

/** A browser and a server of its own for each, side by side. */
async function stage(name: BrowserName) {
  const [browser, turn] = await Promise.all([startBrowser(name), TurnServer.start()]);
  return {
    turn,
    open: async (url = server.url) => {
      const page = await browser.open(`${url}peer.html`);
      await relayOnly(page);
      return page;
    },
    async [Symbol.asyncDispose]() {
      await browser.close();
      await turn.close();
    },
  };
}

describe("peers that may not go straight", { concurrency: true }, () => {
  for (const name of browserNames) {
    it(`go by way of the TURN server that they are told of in ${name}`, { timeout: 60_000 }, async () => {
      await using staged = await stage(name);
      const { turn, open } = staged;
      const [room, one, other] = [await open(), await open(), await open(server.otherUrl)];
      const { iceServers } = turn;
      const invitation = await openRoom(room, name, signaling.url, { iceServers });
      await lend(one, invitation, { nWorkers: 1, name: "one", iceServers, ...trusting });
      await lend(other, invitation, { nWorkers: 1, name: "other", iceServers, ...trusting });
      assert.equal(await move(room, "one-0", "other-0", 250_000), 250_003);
      assert.deepEqual(await routes(room), ["threads"]);
      assert.ok(turn.allocations >= 6, `${turn.allocations} places`);
      assert.ok(turn.relayedBytes > 2_000_000, `${turn.relayedBytes} bytes`);
    });
  }

  it("and Node find each other, which asks a STUN server where it is", { timeout: 60_000 }, async () => {
    await using staged = await stage("chromium");
    const { turn, open } = staged;
    const room = await open();
    const invitation = await openRoom(room, "with Node", signaling.url, { iceServers: turn.iceServers });
    const iceServers = [{ urls: `stun:127.0.0.1:${turn.port}` }];
    await using _lent = await node.join(invitation, { nWorkers: 1, name: "node", iceServers, ...trusting });
    const sum = await room.evaluate(() => client.submit((a: number, b: number) => a + b, 2, 3).result());
    assert.equal(sum, 5);
    assert.ok(turn.questions > 0 && turn.relayedBytes > 0, `${turn.questions} and ${turn.relayedBytes}`);
  });
});

/** Has the connections that a page makes from now on go by way of TURN servers or not at all. */
function relayOnly(page: Page): Promise<void> {
  return page.evaluate(() => {
    globalThis.RTCPeerConnection = class extends RTCPeerConnection {
      constructor(configuration?: RTCConfiguration) {
        super({ ...configuration, iceTransportPolicy: "relay" });
      }
    };
  });
}
