/** The scheduler's end of a conversation with a client elsewhere: it introduces itself first, and is told when the conversation is over on purpose. */

import type { Comm } from "../ports/comm.ts";
import type { ClientMessage, News } from "../protocol/client-messages.ts";
import { type ClientFarewell, isClientHello } from "../protocol/host-messages.ts";
import { validateClientMessages } from "../protocol/validate.ts";
import { checkedComm } from "./checked-comm.ts";
import type { TrunkChannel } from "./trunk-channel.ts";

/** Calls `welcome` when the client has said who it is; whoever says something else is not heard. */
export function receiveClient(
  channel: TrunkChannel,
  welcome: (comm: Comm<News, readonly ClientMessage[]>, granted: number) => void,
): void {
  let hear: ((messages: readonly ClientMessage[]) => void) | undefined;
  const held: (readonly ClientMessage[])[] = [];
  const comm: Comm<News, readonly ClientMessage[]> = {
    send: (news) => channel.send(news),
    listen: (onMessages) => {
      hear = onMessages;
      for (const messages of held.splice(0)) onMessages(messages);
    },
    close: (reason) => {
      channel.send({ type: "farewell", reason } satisfies ClientFarewell);
      channel.close(reason);
    },
    closed: channel.closed,
  };
  let isKnown = false;
  channel.listen((word) => {
    if (isKnown) {
      if (hear === undefined) held.push(word as readonly ClientMessage[]);
      else hear(word as readonly ClientMessage[]);
    } else if (isClientHello(word)) {
      isKnown = true;
      welcome(checkedComm(comm, validateClientMessages), word.lastGrant);
    } else comm.close("ProtocolError: a client did not introduce itself");
  });
}
