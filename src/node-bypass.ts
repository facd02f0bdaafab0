/** How a worker_thread comes by wires to threads of other hosts: loaded when one is to. */

import { nobleSecrecy } from "./adapters/noble-secrecy.ts";
import { SystemClock } from "./adapters/system-clock.ts";
import { tcpTransport } from "./adapters/tcp-wire.ts";
import { BypassWires } from "./runtime/bypass-wires.ts";

export const bypassing = new BypassWires(tcpTransport, {
  secrecy: nobleSecrecy,
  clock: new SystemClock(),
});
