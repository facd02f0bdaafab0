/**
 * Values as frames: a header that says what they are made of, and the buffers in them, which are not copied.
 *
 * What arrives is what structured clone would have made of it, with three differences: errors keep their class, fields and cause;
 * shared memory is copied; and of a small `Buffer` of Node only what it shows travels.
 */

import { ProtocolError } from "../protocol/errors.ts";
import { FrameDecoder } from "./frame-decoder.ts";
import { FrameEncoder, type Frames } from "./frame-encoder.ts";

/** Kept from one message to the next; not there while a getter of a value being encoded encodes another. */
let idle: FrameEncoder | undefined;

/** @throws UnserializableError naming where in `value` something is that cannot travel. */
export function encodeFrames(value: unknown): Frames {
  const encoder = idle ?? new FrameEncoder();
  idle = undefined;
  try {
    return encoder.encode(value);
  } finally {
    idle = encoder;
  }
}

/**
 * `buffers` become part of the value; `header` is only read. What is made takes no more memory than a multiple of what came.
 *
 * @throws ProtocolError for whatever `encodeFrames` would not have written.
 */
export function decodeFrames(header: Uint8Array, buffers: readonly ArrayBufferLike[]): unknown {
  try {
    return new FrameDecoder(header, buffers).whole();
  } catch (thrown) {
    if (thrown instanceof ProtocolError) throw thrown;
    throw new ProtocolError("A message could not be read.", {}, { cause: thrown });
  }
}
