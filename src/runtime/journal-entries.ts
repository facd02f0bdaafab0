/** What of entries can be written down, where not all of them can: each task and value by itself, so that one of them costs no other. */

import type { JournalEntry, TasksEntered, ValuesMade } from "../protocol/journal.ts";
import { encodeFrames } from "../shipping/frames.ts";

/** Those that can be, in their order; of the others `warn` is told. */
export function encodable(entries: readonly JournalEntry[], warn: (text: string) => void): JournalEntry[] {
  return entries.flatMap((entry) => {
    if (whyNot(entry) === undefined) return [entry];
    return apart(entry).filter((each) => {
      const reason = whyNot(each);
      if (reason !== undefined) warn(`something of a durable cluster is not kept: ${reason}`);
      return reason === undefined;
    });
  });
}

function whyNot(entry: JournalEntry): string | undefined {
  try {
    encodeFrames(entry);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function apart(entry: JournalEntry): readonly JournalEntry[] {
  switch (entry.type) {
    case "tasks":
      return entry.ids.map((_, i) => oneTask(entry, i));
    case "values":
      return entry.ids.map((_, i) => oneValue(entry, i));
    case "functions":
      return entry.functions.map((each) => ({ ...entry, functions: [each] }));
    default:
      return [entry];
  }
}

function oneTask(entry: TasksEntered, i: number): TasksEntered {
  const names = entry.names.filter(([place]) => place === i).map(([, key]): [number, string] => [0, key]);
  const one = <T>(column: readonly T[]) => column.slice(i, i + 1);
  return {
    ...entry,
    ids: one(entry.ids),
    clientTasks: one(entry.clientTasks),
    wants: one(entry.wants),
    rows: entry.rows.slice(i * entry.slots, (i + 1) * entry.slots),
    names,
  };
}

function oneValue(entry: ValuesMade, i: number): ValuesMade {
  const one = <T>(column: readonly T[]) => column.slice(i, i + 1);
  return { ...entry, ids: one(entry.ids), values: one(entry.values), nbytes: one(entry.nbytes) };
}
