/**
 * What a careful programmer writes without a library, in three styles: a queue with so many tasks in flight per
 * thread, every task sent at once, or so many tasks per message. For threads and for pages.
 */
import { KEEP, taskNames } from "./raw-answers.mjs";

export function rawPool(threads, { inFlight = Number.POSITIVE_INFINITY, perMessage = 1 }) {
  const resolvers = new Map();
  const lanes = threads.map((thread) => ({ thread, busy: 0, batch: [] }));
  const numbers = Object.fromEntries(taskNames.map((name, number) => [name, number]));
  let queue = [];
  let head = 0;
  let lastId = 0;
  let turn = 0;

  for (const lane of lanes) {
    lane.thread.listen((replies) => {
      lane.busy -= replies.length / 2;
      feed(lane);
      for (let at = 0; at < replies.length; at += 2) {
        const id = replies[at];
        resolvers.get(id)(replies[at + 1]);
        resolvers.delete(id);
      }
    });
  }

  function feed(lane) {
    while (lane.busy < inFlight && head < queue.length) {
      lane.busy++;
      lane.thread.post(queue[head++]);
    }
    if (head === queue.length) {
      queue = [];
      head = 0;
    }
  }

  /** The next thread with room, else the back of the queue. */
  function sendAlone(message) {
    const lane =
      inFlight === Number.POSITIVE_INFINITY ? lanes[turn++ % lanes.length] : lanes.find(({ busy }) => busy < inFlight);
    if (lane === undefined) {
      queue.push(message);
      return;
    }
    lane.busy++;
    lane.thread.post(message);
  }

  /** Fills one thread's message, then the next thread's; what is not full leaves when the caller's turn ends. */
  function sendInBatch(id, task, a, b) {
    const lane = lanes[turn % lanes.length];
    if (lane.batch.length === 0) queueMicrotask(() => flush(lane));
    lane.batch.push(id, task, a, b);
    if (lane.batch.length === perMessage * 4) flush(lane);
  }

  function flush(lane) {
    if (lane.batch.length === 0) return;
    const batch = lane.batch;
    lane.batch = [];
    turn++;
    lane.busy += batch.length / 4;
    lane.thread.post(batch);
  }

  function ask(send) {
    return new Promise((resolve) => {
      const id = ++lastId;
      resolvers.set(id, resolve);
      send(id);
    });
  }

  return {
    eager: inFlight === Number.POSITIVE_INFINITY,
    run: (task, a, b) =>
      ask((id) => {
        // A large value is not worth keeping back for company.
        if (perMessage > 1 && typeof a === "number" && task !== "bytes") {
          sendInBatch(id, numbers[task], a, b);
        } else {
          sendAlone([id, numbers[task], a, b]);
        }
      }),
    scatter: async (value) => {
      const place = ++lastId;
      const copies = lanes.map((lane) =>
        ask((id) => {
          lane.busy++;
          lane.thread.post([id, KEEP, place, value]);
        }),
      );
      await Promise.all(copies);
      return { kept: place };
    },
  };
}
