/** What there is for dealing with other pages and machines, on every platform. The doors load it when somebody does. */

import { MessagePortWire } from "./adapters/message-port-wire.ts";
import { nobleSecrecy } from "./adapters/noble-secrecy.ts";
import { Recall } from "./client/recall.ts";
import type { Session } from "./client/session.ts";
import type { Equipment } from "./ports/connector.ts";
import type { Elsewhere } from "./runtime/elsewhere.ts";
import { converse } from "./runtime/far-client.ts";
import { LentHost } from "./runtime/lending.ts";
import { Reachable } from "./runtime/listening.ts";

const equipment: Equipment = {
  secrecy: nobleSecrecy,
  wireOf: (end) => new MessagePortWire(end as MessagePort),
};

export const elsewhere: Elsewhere = {
  converse: ({ id, clock, session, comm, onLink }, address, options) => {
    const recall = new Recall({ after: (ms, act) => clock.after(ms, act) });
    recall.speakFor(session as Session);
    recall.listen((news) => comm.send(news));
    recall.closed.then((reason) => comm.close(reason));
    comm.listen((messages) => recall.send(messages));
    comm.closed.then((reason) => recall.close(reason));
    return converse({ id, clock, equipment, conversation: recall, onLink }, address, options);
  },
  join: (platform, address, options) => LentHost.join({ ...platform, equipment }, address, options),
  open: (shell) => new Reachable({ ...shell, equipment }),
};
