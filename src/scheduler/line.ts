/** The head of a line of queued tasks: what is there next, once those are swept out that have left the queue meanwhile. */

import { Span, type TaskRecord } from "./records.ts";
import type { Line } from "./state.ts";

/** What is to run next in `line`: a task, or a span with tasks that have not been sent. */
export function headOf(line: Line): TaskRecord | Span | undefined {
  for (let item = line.peek(); item !== undefined; item = line.peek()) {
    if (!(item instanceof Span)) {
      if (item.state === "queued") return item;
    } else if (item.unfolded === undefined) {
      if (item.next < item.count) return item;
    } else {
      for (; item.cursor < item.unfolded.length; item.cursor++) {
        const task = item.unfolded[item.cursor] as TaskRecord;
        if (task.state === "queued") return task;
      }
    }
    line.shift();
  }
  return undefined;
}

/** Lines are in this order: those submitted earlier have lower numbers. */
export function ageOf(item: TaskRecord | Span): number {
  if (!(item instanceof Span)) return item.id;
  return item.unfolded?.[item.cursor]?.id ?? item.firstTask + item.next;
}

/** Takes the task out that {@link headOf} gave. */
export function shiftHead(line: Line): void {
  const item = line.peek();
  if (item instanceof Span) item.cursor += 1;
  else line.shift();
}
