/** What keeps durable clusters in pages: IndexedDB. Loaded when a cluster is to be durable. */

import { indexedDbJournals, reservation } from "./adapters/indexeddb-journal.ts";
import { keeperIn } from "./durable.ts";
import type { OpenKeeper } from "./runtime/keeper.ts";

const open = keeperIn(() => indexedDbJournals);

export const openKeeper: OpenKeeper = async (...cluster) => {
  const keeper = await open(...cluster);
  const text = await reservation().catch(() => undefined);
  if (text !== undefined) console.info(`manyhands: ${text}`);
  return keeper;
};

/** What a page has loaded before stays in one file so: else that which values travel by would be split off it, only because it is used here too. */
export { Future } from "./client/future.ts";
