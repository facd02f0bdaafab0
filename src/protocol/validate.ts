/**
 * What a stranger's message must look like. Each of these throws a {@link ProtocolError} that names the field; what a message means, and
 * whether it is a lie, is for whoever hears it to know.
 *
 * Threads of one's own need not be looked at: only comms that come from elsewhere pay for it, and load it.
 */

import { clientMessage, news } from "./client-forms.ts";
import type { ClientMessage, News } from "./client-messages.ts";
import { demand, type Form, list } from "./form.ts";
import { order } from "./order-forms.ts";
import { workerMessage } from "./worker-forms.ts";
import type { SchedulerToWorkerMessage, WorkerMessage } from "./worker-messages.ts";

/** Messages that may come in one turn, unless fewer are allowed. More is a flood: ours are columns of many tasks each. */
export const MOST_MESSAGES = 100_000;

/** Lists of so many at most, by how many these are. */
function upTo(form: Form): (most: number) => Form {
  const forms = new Map<number, Form>();
  return (most) => {
    const known = forms.get(most) ?? list(form, most);
    forms.set(most, known);
    return known;
  };
}

const clientMessages = upTo(clientMessage);
const workerMessages = upTo(workerMessage);
const orders = upTo(order);

/** To be had of a client. */
export function validateClientMessages(
  messages: unknown,
  most = MOST_MESSAGES,
): asserts messages is readonly ClientMessage[] {
  demand(clientMessages(most), messages, "messages of a client: messages");
}

/** To be had of a worker. */
export function validateWorkerMessages(
  messages: unknown,
  most = MOST_MESSAGES,
): asserts messages is readonly WorkerMessage[] {
  demand(workerMessages(most), messages, "messages of a worker: messages");
}

/** To be had of a scheduler, by a client. */
export function validateNews(message: unknown): asserts message is News {
  demand(news, message, "news of the scheduler: news");
}

/** To be had of a scheduler, by a worker. */
export function validateOrders(
  messages: unknown,
  most = MOST_MESSAGES,
): asserts messages is readonly SchedulerToWorkerMessage[] {
  demand(orders(most), messages, "messages of the scheduler: messages");
}
