/** Tasks that wait for actors give their slots back, but not for calls that are answered at once: that costs more than it gives. */

import { directLinks } from "../open-sessions.ts";
import type { Session } from "../session.ts";
import type { Outgoing } from "./outgoing.ts";

interface Waiting {
  readonly pause: () => () => void;
  readonly out: Outgoing;
}

const waitingOf = new WeakMap<Session, Waiting[]>();

/** Has the task that made a call pause, if it has not been answered in a moment. */
export function pauseLater(session: Session, pause: () => () => void, out: Outgoing): void {
  let waiting = waitingOf.get(session);
  if (waiting === undefined) {
    waiting = [];
    waitingOf.set(session, waiting);
  }
  waiting.push({ pause, out });
  if (waiting.length > 1) return;
  directLinks.get(session)?.soon?.(() => {
    for (const each of waiting.splice(0)) if (!each.out.isDone) each.out.goOn = each.pause();
  });
}
