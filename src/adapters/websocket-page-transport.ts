/** WebSockets in pages: they open them, and cannot accept any. */

import type { Transport } from "../ports/connector.ts";
import { CommClosedError } from "../protocol/errors.ts";
import { WebSocketWire } from "./websocket-wire.ts";

export const websocketTransport: Transport = {
  connector: {
    connect: (address, _options, signal) =>
      new Promise((resolve, reject) => {
        if (signal.aborted) throw signal.reason;
        const socket = new WebSocket(address);
        const fail = (error: unknown) => {
          socket.close();
          reject(error);
        };
        signal.addEventListener("abort", () => fail(signal.reason));
        // Pages are not told what is wrong.
        socket.addEventListener("error", () =>
          fail(
            new CommClosedError(`${address} cannot be reached, or does not answer as a scheduler does`, { address }),
          ),
        );
        socket.addEventListener("open", () => resolve({ wire: new WebSocketWire(socket) }), { once: true });
      }),
  },
};
