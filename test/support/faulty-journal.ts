/** A store of journals in memory that can be cut off at any byte, and whose bytes can be turned: what is left after a crash. */
import type { JournalBytes, JournalStore, JournalStores } from "../../src/ports/journal-store.ts";

interface Contents {
  journal: JournalBytes;
  readonly values: Map<string, JournalBytes>;
}

export class FaultyJournals implements JournalStores {
  readonly #contents = new Map<string, Contents>();
  readonly #open = new Set<string>();
  #lives = 0;
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

  /** Whoever had it is gone, and nothing that they still try to write arrives. */
  crash(name: string): void {
    this.#open.delete(name);
    this.#lives += 1;
    this.budget = Number.POSITIVE_INFINITY;
  }

  /** Changes with each crash. */
  get life(): number {
    return this.#lives;
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
  readonly #life: number;

  constructor(journals: FaultyJournals, name: string, close: () => void) {
    this.place = `memory (${name})`;
    this.#journals = journals;
    this.#name = name;
    this.#close = close;
    this.#life = journals.life;
  }

  async read(): Promise<JournalBytes> {
    return this.#contents.journal.slice();
  }

  async append(bytes: JournalBytes): Promise<void> {
    const { written, isWhole } = this.#spend(bytes);
    const { journal } = this.#contents;
    const longer = new Uint8Array(journal.length + written.length);
    longer.set(journal);
    longer.set(written, journal.length);
    this.#contents.journal = longer;
    if (!isWhole) throw new Error("the power is gone");
  }

  async sync(): Promise<void> {}

  async replace(bytes: JournalBytes): Promise<void> {
    const { written, isWhole } = this.#spend(bytes);
    if (!isWhole) throw new Error("the power is gone");
    this.#contents.journal = written;
  }

  async keep(name: string, bytes: JournalBytes): Promise<void> {
    // Only the journal is paid for: values are large, and would use up everything.
    const { isWhole } = this.#spend(new Uint8Array(1));
    if (!isWhole) throw new Error("the power is gone");
    this.#contents.values.set(name, bytes.slice());
  }

  async fetch(name: string): Promise<JournalBytes | undefined> {
    return this.#contents.values.get(name)?.slice();
  }

  async discard(names: readonly string[]): Promise<void> {
    if (this.#life !== this.#journals.life || this.#journals.budget <= 0) return;
    for (const name of names) this.#contents.values.delete(name);
  }

  async names(): Promise<readonly string[]> {
    return [...this.#contents.values.keys()];
  }

  async close(): Promise<void> {
    if (this.#life === this.#journals.life) this.#close();
  }

  #spend(bytes: JournalBytes) {
    if (this.#life !== this.#journals.life) throw new Error("it is somebody else's now");
    return this.#journals.spend(bytes);
  }

  get #contents(): Contents {
    return this.#journals.contents(this.#name);
  }
}
