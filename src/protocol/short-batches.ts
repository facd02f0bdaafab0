/**
 * How most batches travel between a thread and its owner while tasks come one at a time: one of a single block, or of what became of it.
 * As a row of plain values they take half as long to be cloned as objects with arrays in them. Anything else travels as it is.
 */

import { BLOCK_HEADER, type SchedulerToWorkerMessage, type WorkerMessage } from "./worker-messages.ts";

type Word = readonly unknown[];

/** What is longer had better stay in a column of its own. */
const MOST_VALUES = 16;

/** Batches consist of objects. */
function isRow(word: Word): boolean {
  return Number.isInteger(word[0]) && word.length > 6;
}

export function shortenOrders(messages: readonly SchedulerToWorkerMessage[]): Word {
  const first = messages[0];
  if (messages.length > 1 || first?.type !== "compute-blocks") return messages;
  const { blocks, client, args, refs } = first;
  const isLong = blocks.length > BLOCK_HEADER || args.length > MOST_VALUES || refs !== undefined;
  return isLong ? messages : (blocks as Word).concat(client, args);
}

export function lengthenOrders(word: Word): Word {
  if (!isRow(word)) return word;
  const blocks = word.slice(0, BLOCK_HEADER);
  return [{ type: "compute-blocks", client: word[BLOCK_HEADER], blocks, args: word.slice(BLOCK_HEADER + 1) }];
}

export function shortenReports(messages: readonly WorkerMessage[]): Word {
  const first = messages[0];
  if (messages.length > 1 || first?.type !== "task-finished") return messages;
  const { ranges, spent, values } = first;
  const isLong = ranges.length !== 3 || spent.length !== 3 || values.length > MOST_VALUES;
  return isLong ? messages : (ranges as Word).concat(spent, values);
}

export function lengthenReports(word: Word): Word {
  if (!isRow(word)) return word;
  return [{ type: "task-finished", ranges: word.slice(0, 3), spent: word.slice(3, 6), values: word.slice(6) }];
}
