/** What keeps durable clusters in Node: files. Loaded when a cluster is to be durable. */

import { fileJournals } from "./adapters/file-journal.ts";
import { keeperIn } from "./durable.ts";

export const openKeeper = keeperIn(({ directory }) => fileJournals(directory));
