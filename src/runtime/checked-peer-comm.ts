/** A comm between workers of two hosts: neither need believe the other. */

import type { Comm } from "../ports/comm.ts";
import { ProtocolError } from "../protocol/errors.ts";
import type { TaskId } from "../protocol/identity.ts";
import { validatePeerMessage } from "../protocol/peer-forms.ts";
import type { PeerMessage } from "../protocol/peer-messages.ts";
import { checkedComm } from "./checked-comm.ts";

/** Values that another worker may have asked for and not been sent. */
const MOST_OPEN = 100_000;

/** What a peer sends must have been asked of it, and be sent once: that it answers what another was asked is a lie. */
export function checkedPeerComm(comm: Comm<PeerMessage, PeerMessage>): Comm<PeerMessage, PeerMessage> {
  /** What it was asked for, by question. */
  const asked = new Map<number, Set<TaskId>>();
  /** What it asks for, by question. */
  const open = new Map<number, number>();
  let openIds = 0;
  const validate = (message: unknown): void => {
    validatePeerMessage(message);
    if (message.type === "data") {
      const ids = asked.get(message.request);
      if (message.isMoreToCome !== true) asked.delete(message.request);
      if (ids === undefined) throw new ProtocolError(`data: the peer was not asked ${message.request}`);
      const stranger = message.ids.find((id, i) => !ids.has(id) || message.ids.indexOf(id) !== i);
      if (stranger !== undefined)
        throw new ProtocolError(`data: the peer was not asked for ${stranger}, or sends it twice`);
      for (const id of message.ids) ids.delete(id);
      return;
    }
    if (message.type !== "get-data") return;
    openIds += message.ids.length;
    if (open.has(message.request)) throw new ProtocolError(`get-data: the peer asks ${message.request} twice`);
    open.set(message.request, message.ids.length);
    if (openIds > MOST_OPEN) throw new ProtocolError(`get-data: the peer has asked for ${openIds} values at a time`);
  };
  const checked = checkedComm(comm, validate);
  return {
    ...checked,
    send: (message, transfer) => {
      if (message.type === "get-data") asked.set(message.request, new Set(message.ids));
      else if (message.type === "data" && message.isMoreToCome !== true) {
        openIds -= open.get(message.request) ?? 0;
        open.delete(message.request);
      }
      comm.send(message, transfer);
    },
  };
}
