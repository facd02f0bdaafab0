/** By which way a connection goes: straight from one to the other, or by a server between that passes everything on (TURN). */

import type { Clock } from "../ports/clock.ts";

/** Where somebody comes from may be known before it has been said what is there: a server. Milliseconds. */
const LOOK_AGAIN_MS = 2_000;

/** As far as it is looked at, of what `getStats` tells. */
interface Report {
  readonly type: string;
  readonly selectedCandidatePairId?: string;
  /** In Firefox, which has no report of the transport. */
  readonly selected?: boolean;
  readonly localCandidateId?: string;
  readonly remoteCandidateId?: string;
  readonly candidateType?: string;
}

/** Calls `tell` when it is known, and whenever the browser has chosen again. It stays unsaid where that does not tell. */
export function followRoute(connection: RTCPeerConnection, clock: Clock, tell: (isRelayed: boolean) => void): void {
  const look = () =>
    connection.getStats().then(
      (stats) => {
        const isRelayed = routeIn(stats as unknown as ReadonlyMap<string, Report>);
        if (isRelayed !== undefined) tell(isRelayed);
      },
      () => {}, // It is closed, or nobody knows.
    );
  if (typeof connection.getStats !== "function") return;
  void look();
  clock.after(LOOK_AGAIN_MS, look);
  connection.sctp?.transport.iceTransport?.addEventListener?.("selectedcandidatepairchange", look);
}

/** Whether either end of the pair that was chosen is a server's; undefined if none was. */
export function routeIn(stats: ReadonlyMap<string, Report>): boolean | undefined {
  const reports = [...stats.values()];
  const transport = reports.find(({ type }) => type === "transport");
  const pair =
    stats.get(transport?.selectedCandidatePairId ?? "") ??
    reports.find(({ type, selected }) => type === "candidate-pair" && selected === true);
  if (pair === undefined) return undefined;
  const ends = [pair.localCandidateId, pair.remoteCandidateId];
  return ends.some((id) => stats.get(id ?? "")?.candidateType === "relay");
}
