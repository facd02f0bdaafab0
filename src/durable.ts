/** What keeps durable clusters, on every platform. The doors load it when a cluster is to be durable. */

import type { JournalStores } from "./ports/journal-store.ts";
import { openJournal } from "./runtime/durable.ts";
import type { DurableOptions, OpenKeeper } from "./runtime/keeper.ts";

/** `storesOf`: where the platform keeps journals. */
export function keeperIn(storesOf: (options: DurableOptions) => JournalStores): OpenKeeper {
  return async (durable, machine, { clock, noWorkersTimeoutMs }) => {
    const options = typeof durable === "string" ? { name: durable } : durable;
    if (typeof options?.name !== "string" || options.name === "") {
      throw new TypeError(`durable must be a name, or { name }, not ${JSON.stringify(durable)}`);
    }
    return openJournal(options.name, machine, {
      stores: storesOf(options),
      clock,
      noWorkersTimeoutMs,
      warn: (text) => console.warn(`manyhands: ${text}`),
      date: () => Date.now(),
    });
  };
}
