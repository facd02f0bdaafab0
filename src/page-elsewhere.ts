/** What pages need for dealing with other pages and machines: loaded by their doors when somebody does. */

import { websocketTransport } from "./adapters/websocket-page-transport.ts";
import { elsewhere as common } from "./elsewhere.ts";
import { transports } from "./runtime/connectors.ts";
import type { Elsewhere } from "./runtime/elsewhere.ts";

for (const scheme of ["ws", "wss"]) transports.set(scheme, async () => websocketTransport);

export const elsewhere: Elsewhere = {
  ...common,
  join: async (platform, address, options) => {
    if (options.sandbox === true)
      throw new TypeError("{ sandbox: true } is for Node: nothing would be kept from what pages run so");
    return common.join(platform, address, options);
  },
};
