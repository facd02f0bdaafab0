/** What keeps durable clusters in pages: IndexedDB. Loaded when a cluster is to be durable. */

import { indexedDbJournals } from "./adapters/indexeddb-journal.ts";
import { keeperIn } from "./durable.ts";

export const openKeeper = keeperIn(() => indexedDbJournals);

/** What a page has loaded before stays in one file so: else that which values travel by would be split off it, only because it is used here too. */
export { Future } from "./client/future.ts";
