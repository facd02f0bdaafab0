/** What pages need for dealing with other pages and machines: loaded by their doors when somebody does. */

import { websocketTransport } from "./adapters/websocket-page-transport.ts";
import { elsewhere as common } from "./elsewhere.ts";
import { transports } from "./runtime/connectors.ts";
import type { Elsewhere } from "./runtime/elsewhere.ts";

for (const scheme of ["ws", "wss"]) transports.set(scheme, async () => websocketTransport);

// Hidden pages may be frozen to save power, in Chromium: others that count on this one would wait without knowing why.
globalThis.document?.addEventListener("freeze", () =>
  console.warn(
    "manyhands: the browser freezes this page, which has been hidden for long: it and its workers stand still until it is shown again, and " +
      "others do their work. Leave it in a window of its own, or exempt it from energy saving",
  ),
);

export const elsewhere: Elsewhere = {
  ...common,
  join: async (platform, address, options) => {
    if (options.sandbox === true)
      throw new TypeError("{ sandbox: true } is for Node: nothing would be kept from what pages run so");
    return common.join(platform, address, options);
  },
};
