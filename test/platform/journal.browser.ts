/** Journals in IndexedDB. */
import { indexedDbJournals } from "../../src/adapters/indexeddb-journal.ts";
import { promisesOfJournalStore, text, textOf } from "../compliance/journal-store.ts";
import { equal } from "./cases/check.ts";

const prefix = `test ${Math.random()}`;

describe("a store of journals, in IndexedDB", () => {
  for (const [i, { name, run }] of promisesOfJournalStore.entries()) {
    it(name, () => run({ stores: indexedDbJournals }, `${prefix} ${i}`));
  }

  it("is opened again when the browser has closed the database", async () => {
    const { transaction } = IDBDatabase.prototype;
    const store = await indexedDbJournals.open(`${prefix} closed`);
    await store.append(text("before"));
    // What a database says that was closed under our feet, once.
    IDBDatabase.prototype.transaction = function (...args) {
      IDBDatabase.prototype.transaction = transaction;
      this.close();
      return transaction.apply(this, args);
    };
    await store.append(text(", after"));
    equal(textOf(await store.read()), "before, after");
    await store.close();
  });
});
