/**
 * What workers say to one another, and clients to workers whose actors they call. Apart from the other forms, for threads load these: what
 * comes to them from other hosts passes nobody else who could look at it.
 */

import type { ActorCalls, ActorResults } from "./actors.ts";
import {
  anything,
  both,
  demand,
  exactly,
  type Form,
  fields,
  flag,
  groups,
  kinds,
  list,
  perhaps,
  whole,
} from "./form.ts";
import type * as messages from "./peer-messages.ts";
import { countIn, MOST_TASKS, taskId } from "./shared-forms.ts";

const type = anything; // It was looked at to find the form.
const ids = list(taskId, MOST_TASKS);

/** Whether the columns hold whole calls. */
function areCalls({ calls }: ActorCalls): string | undefined {
  for (let at = 0; at < calls.length; ) {
    const [actor, method, count] = calls.slice(at, at + 3);
    const isMethod = typeof method === "string" || Number.isSafeInteger(method);
    if (!Number.isSafeInteger(actor) || !isMethod || !Number.isSafeInteger(count) || (count as number) < -1) {
      return `.calls[${at}] begins no call`;
    }
    at += 3 + Math.abs(count as number);
    if (at > calls.length) return ".calls ends in the middle of one";
  }
  return undefined;
}

const peers: { readonly [K in messages.PeerMessage["type"]]: Form } = {
  "actor-calls": both<ActorCalls>(
    fields<ActorCalls>({ type, first: whole(), calls: list(anything, MOST_TASKS) }),
    areCalls,
  ),
  "actor-results": both<ActorResults>(
    fields<ActorResults>({
      type,
      ranges: groups(whole(), whole(1, MOST_TASKS)),
      values: list(anything, MOST_TASKS),
      odd: perhaps(list(anything, MOST_TASKS)),
      leaves: perhaps(whole()),
    }),
    ({ ranges, values }) => {
      const due = countIn(ranges, 2);
      return values.length === due ? undefined : `.values has ${values.length} items for ${due} calls`;
    },
  ),
  rest: fields<messages.PeerRest>({ type, how: exactly("ask", "agree", "refuse") }),
  "get-data": fields<messages.PeerGetData>({ type, request: whole(1), ids }),
  data: both<messages.PeerData>(
    fields<messages.PeerData>({
      type,
      request: whole(1),
      ids,
      values: list(anything, MOST_TASKS),
      isMoreToCome: perhaps(flag),
    }),
    (message) =>
      message.values.length === message.ids.length
        ? undefined
        : `.values has ${message.values.length} items for ${message.ids.length} tasks`,
  ),
};

const peerMessage = kinds(peers);

/** To be had of one worker, by another. */
export function validatePeerMessage(message: unknown): asserts message is messages.PeerMessage {
  demand(peerMessage, message, "a message of another worker: message");
}
