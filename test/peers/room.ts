/** What tests of peers do in pages: open rooms, lend threads to them, and look at what has become of that. */

import type * as Manyhands from "manyhands/peer";
import type { Page } from "puppeteer-core";

declare const manyhands: typeof Manyhands;
declare let cluster: Manyhands.LocalCluster;
declare let client: Manyhands.Client;
declare let host: Awaited<ReturnType<typeof Manyhands.join>>;
declare let events: { readonly type: string; readonly id: string; readonly reason?: string }[];

/** For pages that need no box; their threads are handed channels. */
export const trusting = { sandbox: false, iTrustEverybodyInThisRoomWithMyOriginAndNetwork: true };

/** Has a page open a room: a scheduler, and a client. Returns the invitation. */
export function openRoom(page: Page, room: string, signaling: string, options: object = {}): Promise<string> {
  return page.evaluate(
    async (room, signaling, options) => {
      const cluster = new manyhands.LocalCluster({ nWorkers: 0 });
      const events: object[] = [];
      const { invitation } = await cluster.listen(`peer:${room}`, {
        ...options,
        signaling,
        onEvent: (event) => events.push(event),
      });
      Object.assign(globalThis, { cluster, events, client: new manyhands.Client(cluster) });
      return invitation;
    },
    room,
    signaling,
    options,
  );
}

export async function lend(page: Page, invitation: string, options: object): Promise<void> {
  await page.evaluate(
    async (invitation, options) => {
      Object.assign(globalThis, { host: await manyhands.join(invitation, options) });
    },
    invitation,
    options,
  );
}

/** How many connections to other hosts a page has that lends threads. */
export const connections = (page: Page) => page.evaluate(() => host.stats().connections);

/** Connections of that page that are open, whatever for; of pages in which {@link countConnections} was begun. */
export const openConnections = (page: Page) =>
  page.evaluate(
    () =>
      (globalThis as unknown as { made: RTCPeerConnection[] }).made.filter((each) => each.connectionState !== "closed")
        .length,
  );

/** Bytes that have come by connections of that page; of pages in which {@link countConnections} was begun. */
export const receivedBytes = (page: Page) =>
  page.evaluate(async () => {
    let sum = 0;
    for (const connection of (globalThis as unknown as { made: RTCPeerConnection[] }).made)
      for (const [, figures] of await connection.getStats())
        if (figures.type === "candidate-pair") sum += figures.bytesReceived ?? 0;
    return sum;
  });

/** Notes the connections that a page makes from now on. */
export async function countConnections(page: Page): Promise<void> {
  await page.evaluate(() => {
    const made: RTCPeerConnection[] = [];
    Object.assign(globalThis, {
      made,
      RTCPeerConnection: class extends RTCPeerConnection {
        constructor(configuration?: RTCConfiguration) {
          super(configuration);
          made.push(this);
        }
      },
    });
  });
}

/** A value made at a worker of one name and read at that of another: what was read. */
export function move(room: Page, from: string, to: string, count: number): Promise<number> {
  return room.evaluate(
    (from, to, count) => {
      const made = client.with({ workers: [from] }).submit((length: number) => new Float64Array(length).fill(3), count);
      return client
        .with({ workers: [to] })
        .submit((array: Float64Array) => array.length + (array.at(-1) as number), made)
        .result();
    },
    from,
    to,
    count,
  );
}

export const routes = (room: Page) =>
  room.evaluate(async () => (await client.schedulerInfo()).links.map(({ route }) => route));

/** Who has left the room of a page, and why. */
export const departures = (room: Page) =>
  room.evaluate(() => events.filter(({ type }) => type === "left").map(({ id, reason }) => `${id}: ${reason}`));

/** Looks again and again until it is so. */
export async function until(isSo: () => Promise<boolean> | boolean): Promise<void> {
  while (!(await isSo())) await new Promise((look) => setTimeout(look, 20));
}
