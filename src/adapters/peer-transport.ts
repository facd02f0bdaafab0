/** PeerJS, as what reaches `peer:` addresses: opens wires to peers by their names at a signalling server, and accepts those of others. */

import type { Cloakroom } from "../ports/cloakroom.ts";
import type { Clock } from "../ports/clock.ts";
import type { ConnectorOptions, Transport } from "../ports/connector.ts";
import type { Wire, WireAside } from "../ports/wire.ts";
import { UnauthorizedError } from "../protocol/errors.ts";
import { Meeting, type Met } from "./peer-meeting.ts";
import { followRoute } from "./peer-route.ts";

/** For what was said last to arrive. Milliseconds. */
const FAREWELL_MS = 2_000;
/** Numbers of channels beside PeerJS's own on one connection: that has 0 or 1, and Firefox offers 256. */
const FIRST_ASIDE = 2;
const LAST_ASIDE = 255;

/** What peers need of the platform. */
export interface PeerPlatform {
  readonly clock: Clock;
  /** Puts in place what PeerJS finds in browsers, and tells what connections are to be told beside. */
  readonly prepare: () => Promise<object>;
  /** `aside`: see {@link Wire}. */
  readonly wireOf: (
    channel: RTCDataChannel,
    aside: WireAside | undefined,
  ) => Wire & { isRelayed?: boolean | undefined };
  /** Whether channels can be handed to threads. */
  readonly handsOver: boolean;
  /** Where pages of one browser leave things for each other. */
  readonly cloakroom?: Cloakroom;
}

/** Names at a signalling server, as PeerJS takes them. */
const NAME = /^[A-Za-z0-9]+(?:[ _-][A-Za-z0-9]+)*$/;

export function peerTransport(platform: PeerPlatform): Transport {
  /** Where we are met. */
  const places = new Set<Place>();

  async function placeAt(
    signaling: string,
    options: ConnectorOptions,
    name: string,
    isFound: (place: Place) => boolean,
  ): Promise<Place> {
    const connection = await platform.prepare();
    let place = [...places].find((each) => each.signaling === signaling && !each.meeting.isClosed && isFound(each));
    if (place === undefined) {
      const { iceServers = [] } = options;
      const meeting = new Meeting(name, { signaling, iceServers, clock: platform.clock, connection });
      place = { name, signaling, meeting, users: 0 };
      places.add(place);
    }
    place.users += 1;
    return place;
  }

  function leave(place: Place): void {
    place.users -= 1;
    if (place.users > 0) return;
    places.delete(place);
    place.meeting.close();
  }

  /** A wire on a connection, each of which ends with the other. */
  function wireOn(place: Place, { connection }: Met): Wire {
    const { peerConnection } = connection;
    const aside: WireAside = {
      open: (number) => {
        // It throws if there is one of that number already.
        const id = FIRST_ASIDE + (number % (LAST_ASIDE - FIRST_ASIDE + 1));
        return peerConnection.createDataChannel("manyhands", { negotiated: true, id });
      },
      cloakroom: platform.cloakroom,
    };
    const wire = platform.wireOf(connection.dataChannel, platform.handsOver ? aside : undefined);
    place.users += 1;
    followRoute(peerConnection, platform.clock, (isRelayed) => {
      wire.isRelayed = isRelayed;
    });
    connection.on("close", () => wire.close("the connection is gone"));
    wire.closed.then(() => {
      platform.clock.after(FAREWELL_MS, () => {
        connection.close();
        leave(place);
      });
    });
    return wire;
  }

  return {
    // Tabs are closed without a word more often than they fall silent and come back.
    leaseMs: 2_500,
    connector: {
      async connect(address, options, signal) {
        const id = nameIn(address);
        // Whoever has a name there already goes by that.
        const place = await placeAt(signalingOf(options, address), options, anyName(), (each) => each.name !== id);
        try {
          const met = await place.meeting.connect(id, signal);
          return { wire: wireOn(place, met), listenAt: `peer:${place.name}` };
        } finally {
          leave(place);
        }
      },
    },
    listener: {
      async listen(address, options, onWire) {
        const name = nameIn(address);
        if (options.isOpen === true) {
          throw new UnauthorizedError("whoever knows the signalling server could come in: a room asks for tokens");
        }
        const signaling = signalingOf(options, address);
        let isNew = true;
        const place = await placeAt(signaling, options, name, (each) => {
          if (each.name !== name || each.meeting.onMet !== undefined) return false;
          isNew = false;
          return true;
        });
        if (!isNew && options.iceServers !== undefined) place.meeting.lookBy(options.iceServers);
        place.meeting.onReachable = options.onReachable;
        place.meeting.onMet = (met) => onWire(wireOn(place, met), { origin: met.id });
        try {
          await place.meeting.opened;
        } catch (error) {
          leave(place);
          throw error;
        }
        return {
          // Those who go by a name that they were given are found at the server where they were given it.
          address: isNew ? `peer:${name}?signaling=${encodeURIComponent(signaling)}` : `peer:${name}`,
          isLoopback: false,
          close: async () => {
            if (place.meeting.onMet === undefined) return;
            place.meeting.onMet = undefined;
            place.meeting.onReachable = undefined;
            leave(place);
          },
        };
      },
    },
  };
}

interface Place {
  readonly name: string;
  readonly signaling: string;
  readonly meeting: Meeting;
  /** Wires, listeners and attempts; without any, it is left. */
  users: number;
}

/** A name that nobody guesses. */
function anyName(): string {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

function nameIn(address: string): string {
  const name = decodeURIComponent(address.slice("peer:".length).replace(/\?.*/s, ""));
  if (NAME.test(name) && name.length <= 64) return name;
  throw new TypeError(
    `"${name}" is no name of a room: letters and digits, with single spaces, "-" or "_" between them, 64 at most`,
  );
}

/** The signalling server that an address names, as those of rooms and their invitations do. */
export function signalingIn(address: string): string | undefined {
  const query = /^peer:[^?#]*\?([^#]*)/.exec(address)?.[1];
  return new URLSearchParams(query).get("signaling") ?? undefined;
}

function signalingOf({ signaling }: ConnectorOptions, address: string): string {
  const given = signaling ?? signalingIn(address);
  if (given === undefined) {
    throw new TypeError(
      'peer: needs a signalling server, as { signaling: "https://example.org/signal/" }; "manyhands signal" is one',
    );
  }
  const { protocol, href } = URL.canParse(given) ? new URL(given) : { protocol: "", href: "" };
  if (/^(https?|wss?):$/.test(protocol)) return href;
  throw new TypeError(`signaling must be the URL of a signalling server, not "${given}"`);
}
