/** Futures for calls that are passed on: a task in the cluster that ends as the call does. */

import { decodeError, type ErrorOnWire } from "../../protocol/errors.ts";
import { travelByName } from "../../shipping/function-source.ts";
import { Variable } from "../coordination/variable.ts";
import type { Future } from "../future.ts";
import type { Session } from "../session.ts";
import { type PendingCall, wireOf } from "./actor-call.ts";

/** How a call ended, as it travels. */
type Outcome = { readonly value: unknown } | { readonly error: ErrorOnWire };

/** The task: it waits to be told. Workers know it by a name that functions of users do not have. */
export async function outcomeOf(told: Variable<Outcome>): Promise<unknown> {
  const outcome = await told.get();
  if ("error" in outcome) throw decodeError(outcome.error);
  return outcome.value;
}

travelByName({ manyhands$outcomeOf: outcomeOf });

export function futureFor(session: Session, name: string, call: PendingCall): Future {
  const told = new Variable<Outcome>({ client: session } as object);
  const future = session.submit(outcomeOf, [told], { task: { name: `${name} call` } });
  call
    .then(
      (value) => told.set({ value }),
      (error: unknown) => told.set({ error: wireOf(call, error) }),
    )
    .catch(() => {}) // The client is closed, or the future is not wanted any more.
    .finally(() => told.close());
  return future;
}
