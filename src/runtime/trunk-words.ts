/** What the two ends of a trunk say to each other: frames, several of which may be in one message of the wire. */

import { ProtocolError } from "../protocol/errors.ts";
import { FrameReader } from "../shipping/frame-reader.ts";
import { decodeFrames, encodeFrames } from "../shipping/frames.ts";

/** A piece of a message: channel, length, bytes. */
export const DATA = 0;
/** A piece of a message, which is the next message of the wire, whole: channel, length. Spares copying it. */
export const DATA_BESIDE = 1;
/** The other end may send so many bytes more: channel, bytes. */
export const CREDIT = 2;
/** Nothing more comes on this channel: channel, length, reason. */
export const CLOSE = 3;
/** So many of the frames above have arrived since the trunk began. This frame and those below are not counted. */
export const ACK = 4;
export const PING = 5;
export const PONG = 6;
/** The trunk is closed: length, reason. */
export const BYE = 7;
/** There is nothing to say: this end lets go of the wire, and wants another when either has something to say. 0. */
export const REST = 8;

/** What a piece is to its message: bits beside the type. */
export const FIRST = 1;
export const LAST = 2;
/** Begins with how long the header and each of the buffers is. */
export const MEASURED = 4;

/** A header alone, up to this long, does not say how long it is: nothing need be reserved for it. */
export const UNMEASURED_BYTES = 8 * 1024;

/** Bytes before the payload of a frame, at most. */
export const HEAD_BYTES = 17;

/** What a channel may send before it hears anything. Both ends know. */
export const FIRST_CREDIT = 256 * 1024;

export interface Frame {
  readonly type: number;
  readonly flags: number;
  /** Of a channel, or what is said in an `ACK`, `PING`, `PONG` or `REST`. */
  readonly number: number;
  /** Of the payload beside, or credit. */
  readonly bytes: number;
  readonly payload: Uint8Array<ArrayBuffer>;
}

export function isCounted(type: number): boolean {
  return type <= CLOSE;
}

const NOTHING = new Uint8Array(0);

/** Calls `heard` for each frame of a message. It may say to stop. */
export function readFrames(message: Uint8Array<ArrayBuffer>, heard: (frame: Frame) => boolean): void {
  const reader = new FrameReader(message);
  while (reader.left > 0) {
    const byte = reader.byte();
    const type = byte >> 3;
    const flags = byte & 7;
    const number = type === BYE ? 0 : reader.count();
    let bytes = 0;
    let payload: Uint8Array<ArrayBuffer> = NOTHING;
    switch (type) {
      case DATA_BESIDE:
      case CREDIT:
        bytes = reader.count();
        break;
      case DATA:
      case CLOSE:
      case BYE: {
        const length = reader.count();
        const at = reader.skip(length);
        payload = message.subarray(at, at + length);
        break;
      }
      case ACK:
      case PING:
      case PONG:
      case REST:
        break;
      default:
        throw new ProtocolError(`No frame is of type ${type}.`);
    }
    if (!heard({ type, flags, number, bytes, payload })) return;
  }
}

export function reasonAsBytes(reason: string): Uint8Array<ArrayBuffer> {
  return encodeFrames(reason.length > 4000 ? `${reason.slice(0, 4000)}…` : reason).header;
}

export function readReason(bytes: Uint8Array): string {
  const reason = decodeFrames(bytes, []);
  if (typeof reason !== "string") throw new ProtocolError("A reason was to come that is a text.");
  return reason;
}

/** Writes `count` at `at`; returns where it ends. */
export function putCount(bytes: Uint8Array, at: number, count: number): number {
  let end = at;
  let rest = count;
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes[end++] = (rest % 128) | 128;
  bytes[end++] = rest;
  return end;
}
