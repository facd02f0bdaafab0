/** A store of journals in memory that can be cut off at any byte, and whose bytes can be turned: what is left after a crash. */
import type { JournalBytes, JournalStore, JournalStores } from "../../src/ports/journal-store.ts";

interface Contents {
  journal: JournalBytes;
  readonly values: Map<string, JournalBytes>;
}

export class FaultyJournals implements JournalStores {
  readonly #contents = new Map<string, Contents>();
  readonly #open = new Set<string>();
  /** Bytes that may still be written, of all; then everything fails, and the last write is torn where they ended. */
  budget = Number.POSITIVE_INFINITY;

  async open(name: string): Promise<JournalStore> {
    if (this.#open.has(name))
      throw new Error(`the durable cluster "${name}" is in use by this test: one at a time may have it`);
    this.#open.add(name);
    return new FaultyJournal(this, name, () => this.#open.delete(name));
  }

  contents(name: string): Contents {
    const contents = this.#contents.get(name) ?? { journal: new Uint8Array(0), values: new Map() };
    this.#contents.set(name, contents);
    return contents;
  }

  /** Whoever had it is gone. */
  crash(name: string): void {
    this.#open.delete(name);
    this.budget = Number.POSITIVE_INFINITY;
  }

  /** As many of `bytes` as may still be written. */
  spend(bytes: JournalBytes): { readonly written: JournalBytes; readonly isWhole: boolean } {
    const written = bytes.slice(0, Math.max(0, Math.min(bytes.length, this.budget)));
    this.budget -= bytes.length;
    return { written, isWhole: written.length === bytes.length };
  }
}

class FaultyJournal implements JournalStore {
  readonly place: string;
  readonly #journals: FaultyJournals;
  readonly #name: string;
  readonly #close: () => void;

  constructor(journals: FaultyJournals, name: string, close: () => void) {
    this.place = `memory (${name})`;
    this.#journals = journals;
    this.#name = name;
    this.#close = close;
  }

  async read(): Promise<JournalBytes> {
    return this.#contents.journal.slice();
  }

  async append(bytes: JournalBytes): Promise<void> {
    const { written, isWhole } = this.#journals.spend(bytes);
    const { journal } = this.#contents;
    const longer = new Uint8Array(journal.length + written.length);
    longer.set(journal);
    longer.set(written, journal.length);
    this.#contents.journal = longer;
    if (!isWhole) throw new Error("the power is gone");
  }

  async replace(bytes: JournalBytes): Promise<void> {
    const { written, isWhole } = this.#journals.spend(bytes);
    if (!isWhole) throw new Error("the power is gone");
    this.#contents.journal = written;
  }

  async keep(name: string, bytes: JournalBytes): Promise<void> {
    const { written, isWhole } = this.#journals.spend(bytes);
    if (!isWhole) throw new Error("the power is gone");
    this.#contents.values.set(name, written);
  }

  async fetch(name: string): Promise<JournalBytes | undefined> {
    return this.#contents.values.get(name)?.slice();
  }

  async discard(names: readonly string[]): Promise<void> {
    for (const name of names) this.#contents.values.delete(name);
  }

  async names(): Promise<readonly string[]> {
    return [...this.#contents.values.keys()];
  }

  async close(): Promise<void> {
    this.#close();
  }

  get #contents(): Contents {
    return this.#journals.contents(this.#name);
  }
}
