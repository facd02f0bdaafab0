/** What comes on the wire of a trunk: messages of frames, and pieces beside them, each whole or in parts. */

import { ProtocolError } from "../protocol/errors.ts";
import * as words from "./trunk-words.ts";

export interface IncomingShell {
  /** Whether to go on with the frames behind it. */
  frame(frame: words.Frame): boolean;
  /** A piece that is beside `frame` is whole now. It is said before its last part. */
  arrived(frame: words.Frame): void;
  part(frame: words.Frame, flags: number, bytes: Uint8Array<ArrayBuffer>): void;
}

export class Incoming {
  readonly #shell: IncomingShell;
  /** The frame of which the piece is the next message. */
  #beside: words.Frame | undefined;
  /** Of that piece, what has come. */
  #taken = 0;
  /** Parts of a message that has to be whole. */
  #parts: Uint8Array<ArrayBuffer>[] = [];

  constructor(shell: IncomingShell) {
    this.#shell = shell;
  }

  /** Whether nothing has come in part. */
  get isWhole(): boolean {
    return this.#beside === undefined && this.#parts.length === 0;
  }

  clear(): void {
    this.#beside = undefined;
    this.#taken = 0;
    this.#parts = [];
  }

  /** `left`: bytes of the same message that are still to come. @throws ProtocolError */
  hear(bytes: Uint8Array<ArrayBuffer>, left: number): void {
    const beside = this.#beside;
    if (left === 0 && this.isWhole) return words.readFrames(bytes, this.#hearFrame);
    if (beside !== undefined && this.#taken + this.#gathered + bytes.length + left !== beside.bytes)
      throw new ProtocolError(`${beside.bytes} bytes were to come, not ${bytes.length + left}.`);
    // How long a message is, and what it is made of, is told in one part.
    if (beside !== undefined && (beside.flags & words.FIRST) === 0) this.#hearPart(beside, bytes, left);
    else {
      const message = this.#whole(bytes, left);
      if (message === undefined) return;
      if (beside !== undefined) this.#hearPart(beside, message, 0);
      else words.readFrames(message, this.#hearFrame);
    }
  }

  readonly #hearFrame = (frame: words.Frame): boolean => {
    if (this.#beside !== undefined) throw new ProtocolError("A piece was to come, not another frame.");
    if (frame.type !== words.DATA_BESIDE) return this.#shell.frame(frame);
    this.#beside = frame;
    return true;
  };

  #hearPart(beside: words.Frame, bytes: Uint8Array<ArrayBuffer>, left: number): void {
    this.#taken += bytes.length;
    if (left === 0) {
      this.clear();
      this.#shell.arrived(beside);
    }
    this.#shell.part(beside, left === 0 ? beside.flags : beside.flags & ~words.LAST, bytes);
  }

  get #gathered(): number {
    return this.#parts.reduce((sum, part) => sum + part.length, 0);
  }

  /** All of a message, once it is there. */
  #whole(bytes: Uint8Array<ArrayBuffer>, left: number): Uint8Array<ArrayBuffer> | undefined {
    if (left === 0 && this.#parts.length === 0) return bytes;
    this.#parts.push(bytes);
    if (left > 0) return undefined;
    const message = new Uint8Array(this.#gathered);
    let at = 0;
    for (const part of this.#parts.splice(0)) {
      message.set(part, at);
      at += part.length;
    }
    return message;
  }
}
