/**
 * The floors' wire and the worker's half of it, for threads and for pages.
 *
 * A message is one flat array, four places a task: id, number of the task, two arguments. The answer has two
 * places a task: id, result. Flat arrays of numbers are the cheapest thing structured clone knows.
 */
import { add, bytes, spin, sumAt } from "../tasks.mjs";

export const taskNames = ["add", "sumAt", "spin", "bytes", "bytesByHand"];
export const KEEP = taskNames.length;

const bodies = [add, sumAt, spin, bytes, bytes];
const byHand = taskNames.indexOf("bytesByHand");
const kept = new Map();

export function answer(message, post) {
  const replies = [];
  const moved = [];
  for (let at = 0; at < message.length; at += 4) {
    const task = message[at + 1];
    let a = message[at + 2];
    const b = message[at + 3];
    if (task === KEEP) {
      kept.set(a, b);
      replies.push(message[at], true);
      continue;
    }
    if (typeof a === "object" && a.kept !== undefined) a = kept.get(a.kept);
    const result = bodies[task](a, b);
    if (task === byHand) moved.push(result.buffer);
    replies.push(message[at], result);
  }
  post(replies, moved);
}
