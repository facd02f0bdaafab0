/** A client whose scheduler is the test: it sees what is sent, and says what it likes. */
import { memoryComm } from "../../src/adapters/memory-comm.ts";
import { Client } from "../../src/client/client.ts";
import { Session } from "../../src/client/session.ts";
import type { ClientMessage, News, SchedulerToClientMessage } from "../../src/protocol/client-messages.ts";

export function scripted() {
  const [clientEnd, schedulerEnd] = memoryComm<readonly ClientMessage[], News>();
  const sent: ClientMessage[] = [];
  schedulerEnd.listen((messages) => sent.push(...messages));
  let batch = 0;
  let holders = 0;
  const session = new Session("me", clientEnd, () => {
    holders += 1;
    return () => {
      holders -= 1;
    };
  });
  const client = new Client({ session, ready: Promise.resolve(), close: async () => {} });
  return {
    client,
    session,
    /** What was sent since it was asked for last, once the turn is over. */
    async sent(): Promise<ClientMessage[]> {
      await Promise.resolve();
      return sent.splice(0);
    },
    tell: (...messages: SchedulerToClientMessage[]) => schedulerEnd.send({ batch: ++batch, messages }),
    /** A small result, and the client's own. */
    finish: (id: number, value: unknown) =>
      schedulerEnd.send({
        batch: ++batch,
        messages: [{ type: "keys-in-memory", ranges: [id, 1], values: [value], shared: [] }],
      }),
    hangUp: (reason: string) => schedulerEnd.close(reason),
    isKeptAlive: () => holders > 0,
  };
}

export const typesOf = (messages: readonly ClientMessage[]) => messages.map(({ type }) => type);
