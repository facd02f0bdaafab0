/** What a worker gives to peers that ask for values. */

import type { Comm } from "../ports/comm.ts";
import type { TaskId } from "../protocol/identity.ts";
import type { PeerMessage } from "../protocol/peer-messages.ts";

/**
 * Sends what was found. What turns out to be impossible to clone is left out, and `refuse` is told: its task has failed, late as
 * that is.
 */
export function answerPeer(
  comm: Comm<PeerMessage, PeerMessage>,
  request: number,
  { ids, values }: { readonly ids: readonly TaskId[]; readonly values: readonly unknown[] },
  refuse: (id: TaskId, cause: unknown) => void,
  isMoreToCome = false,
): void {
  const answer = { type: "data", request, ...(isMoreToCome && { isMoreToCome }) } as const;
  try {
    comm.send({ ...answer, ids, values });
  } catch {
    const sound = ids.flatMap((id, i) => {
      try {
        structuredClone(values[i]);
        return [i];
      } catch (cause) {
        refuse(id, cause);
        return [];
      }
    });
    comm.send({
      ...answer,
      ids: sound.map((i) => ids[i] as TaskId),
      values: sound.map((i) => values[i]),
    });
  }
}
