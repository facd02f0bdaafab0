/**
 * A comm with somebody who need not be believed: what comes is looked at before it is heard, and the first thing that is no word of the
 * protocol closes the comm. Comms with threads of one's own do without.
 */

import type { Comm } from "../ports/comm.ts";

/** Throws a `ProtocolError` at what it does not let pass: one of `protocol/validate.ts`. */
export type Validate = (message: unknown) => void;

/** `comm`, with all that comes looked at by `validate`. */
export function checkedComm<Out, In>(comm: Comm<Out, In>, validate: Validate): Comm<Out, In> {
  let isRefused = false;
  return {
    closed: comm.closed,
    send: (message, transfer) => comm.send(message, transfer),
    close: (reason) => comm.close(reason),
    listen: (hear) =>
      comm.listen((message) => {
        if (isRefused) return;
        try {
          validate(message);
        } catch (error) {
          isRefused = true;
          comm.close(String(error));
          return;
        }
        hear(message);
      }),
  };
}
