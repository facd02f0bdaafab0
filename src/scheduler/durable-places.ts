/** What a durable cluster writes down of where clients meet: datasets, queues, variables and events, and what they hold. */

import type { SharedTarget } from "../protocol/coordination.ts";
import type { JournalEntry } from "../protocol/journal.ts";
import type { PlaceRules, ValueWithTasks } from "./contract.ts";
import type { TaskRecord } from "./records.ts";

interface Item {
  readonly number: number;
  readonly place: string;
  readonly order: number;
}

interface Place {
  readonly target: SharedTarget;
  isOn: boolean;
}

export class DurablePlaces implements PlaceRules {
  readonly #touch: (task: TaskRecord) => void;
  readonly #datasets = new Map<string, ValueWithTasks>();
  readonly #places = new Map<string, Place>();
  readonly #items = new Map<ValueWithTasks, Item>();
  #nextItem = 1;
  /** What is to be written of each: that it is there as it is now, or not any more. */
  #dirtyDatasets = new Set<string>();
  #dirtyPlaces = new Set<string>();
  #newItems = new Set<ValueWithTasks>();
  #goneItems: number[] = [];

  /** `touch`: a task is to be written, if it is not yet. */
  constructor(touch: (task: TaskRecord) => void) {
    this.#touch = touch;
  }

  get isDirty(): boolean {
    return this.#dirtyDatasets.size + this.#dirtyPlaces.size + this.#newItems.size > 0 || this.#goneItems.length > 0;
  }

  publish(name: string, kept: ValueWithTasks): void {
    this.#datasets.set(name, kept);
    this.#dirtyDatasets.add(name);
    for (const task of kept.tasks) this.#touch(task);
  }

  unpublish(name: string): void {
    if (this.#datasets.delete(name)) this.#dirtyDatasets.add(name);
  }

  describe(target: SharedTarget, isOn: boolean): void {
    this.#places.set(target.name, { target, isOn });
    this.#dirtyPlaces.add(target.name);
  }

  forget({ name }: SharedTarget): void {
    if (this.#places.delete(name)) this.#dirtyPlaces.add(name);
  }

  put(target: SharedTarget, kept: ValueWithTasks, order: number): void {
    if (!this.#places.has(target.name)) this.describe(target, false);
    this.#items.set(kept, { number: this.#nextItem++, place: target.name, order });
    this.#newItems.add(kept);
    for (const task of kept.tasks) this.#touch(task);
  }

  remove(kept: ValueWithTasks): void {
    const item = this.#items.get(kept);
    if (item === undefined) return;
    this.#items.delete(kept);
    if (!this.#newItems.delete(kept)) this.#goneItems.push(item.number);
  }

  /** All of it is to be written. */
  writeAll(): void {
    this.#dirtyDatasets = new Set(this.#datasets.keys());
    this.#dirtyPlaces = new Set(this.#places.keys());
    this.#newItems = new Set(this.#items.keys());
    this.#goneItems = [];
  }

  /** What has changed since this was asked before. */
  take(): readonly JournalEntry[] {
    const entries: JournalEntry[] = [];
    for (const name of this.#dirtyDatasets) {
      const kept = this.#datasets.get(name);
      entries.push(kept === undefined ? { type: "no-dataset", name } : { type: "dataset", name, ...packed(kept) });
    }
    for (const name of this.#dirtyPlaces) {
      const place = this.#places.get(name);
      entries.push(place === undefined ? { type: "no-place", name } : { type: "place", ...place });
    }
    for (const kept of this.#newItems) {
      const { number, place, order } = this.#items.get(kept) as Item;
      entries.push({ type: "item", item: number, place, order, ...packed(kept) });
    }
    if (this.#goneItems.length > 0) entries.push({ type: "no-items", items: this.#goneItems });
    this.#dirtyDatasets = new Set();
    this.#dirtyPlaces = new Set();
    this.#newItems = new Set();
    this.#goneItems = [];
    return entries;
  }
}

function packed({ value, tasks }: ValueWithTasks) {
  return { value, tasks: tasks.map(({ id }) => id) };
}
