/**
 * What a journal looks like, byte by byte: a head that names the form and its version, and records one after the other, each with its length and
 * a checksum of what is in it. What is in a record is made of frames.
 *
 * A process that is killed may leave its last record unfinished, and a disk may lose what it had said to have kept: what counts is what
 * is whole from the beginning. A version that is not ours is left as it is, for whoever wrote it.
 */

import type { JournalBytes } from "../ports/journal-store.ts";
import { decodeFrames, encodeFrames } from "../shipping/frames.ts";

/** Changes with the form of what is in the records. */
export const JOURNAL_VERSION = 1;

/** "mhJRNL", with a newline of each kind, which tells if somebody took it for text. */
const MAGIC = [0x6d, 0x68, 0x4a, 0x52, 0x4e, 0x4c, 0x0d, 0x0a];
const HEAD_BYTES = MAGIC.length + 4;
const RECORD_HEAD = 8;

/** What a journal begins with. */
export function journalHead(): JournalBytes {
  const head = new Uint8Array(HEAD_BYTES);
  head.set(MAGIC);
  new DataView(head.buffer).setUint32(MAGIC.length, JOURNAL_VERSION, true);
  return head;
}

/** @throws UnserializableError if something in `value` cannot be kept. */
export function encodeRecord(value: unknown): JournalBytes {
  const { header, buffers } = encodeFrames(value);
  const sizes = buffers.map(({ byteLength }) => byteLength);
  const length = 8 + 4 * sizes.length + header.length + sizes.reduce((sum, size) => sum + size, 0);
  const bytes = new Uint8Array(RECORD_HEAD + length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, length, true);
  view.setUint32(RECORD_HEAD, header.length, true);
  view.setUint32(RECORD_HEAD + 4, sizes.length, true);
  let at = RECORD_HEAD + 8;
  for (const size of sizes) {
    view.setUint32(at, size, true);
    at += 4;
  }
  bytes.set(header, at);
  at += header.length;
  for (const buffer of buffers) {
    bytes.set(new Uint8Array(buffer), at);
    at += buffer.byteLength;
  }
  view.setUint32(4, checksum(bytes, RECORD_HEAD), true);
  return bytes;
}

export interface ReadJournal {
  readonly values: readonly unknown[];
  /** Bytes at the end that are no whole record. */
  readonly lost: number;
  /** Whether there are whole records again after those: then it is not only the end that is missing. */
  readonly isDamaged: boolean;
}

/**
 * What is whole of a journal, from its beginning.
 *
 * @param place - where it was read, for the message.
 * @throws Error if these bytes are something else than a journal, or one of another version.
 */
export function readJournal(bytes: JournalBytes, place: string): ReadJournal {
  if (bytes.length < HEAD_BYTES) {
    // Its head was being written when the process ended, or there never was one.
    const head = journalHead();
    if (bytes.every((byte, i) => byte === head[i])) return { values: [], lost: bytes.length, isDamaged: false };
    throw new Error(`what is in ${place} is no journal of manyhands: it was left as it is`);
  }
  if (!MAGIC.every((byte, i) => bytes[i] === byte)) {
    throw new Error(`what is in ${place} is no journal of manyhands: it was left as it is`);
  }
  const version = viewOf(bytes).getUint32(MAGIC.length, true);
  if (version !== JOURNAL_VERSION) {
    throw new Error(
      `the journal in ${place} is of version ${version}, and this manyhands knows version ${JOURNAL_VERSION}: it was left as it is. ` +
        "Open it with the version that wrote it, or use another name",
    );
  }
  const values: unknown[] = [];
  let at = HEAD_BYTES;
  for (let end = endOfRecord(bytes, at); end !== undefined; end = endOfRecord(bytes, at)) {
    values.push(decodeRecord(bytes.subarray(at, end)));
    at = end;
  }
  return { values, lost: bytes.length - at, isDamaged: at < bytes.length && hasRecordAfter(bytes, at + 1) };
}

/** One record alone, as values beside the journal are kept. Undefined if it is not whole. */
export function readRecord(bytes: JournalBytes): { readonly value: unknown } | undefined {
  return endOfRecord(bytes, 0) === bytes.length ? { value: decodeRecord(bytes) } : undefined;
}

/** Where the record that begins at `at` ends; undefined if it is not whole there. */
function endOfRecord(bytes: JournalBytes, at: number): number | undefined {
  if (at + RECORD_HEAD + 8 > bytes.length) return undefined;
  const view = viewOf(bytes);
  const end = at + RECORD_HEAD + view.getUint32(at, true);
  if (end > bytes.length || end < at + RECORD_HEAD + 8) return undefined;
  return view.getUint32(at + 4, true) === checksum(bytes.subarray(0, end), at + RECORD_HEAD) ? end : undefined;
}

/** Whether a whole record begins somewhere behind. Only asked of what is damaged, and only so far. */
function hasRecordAfter(bytes: JournalBytes, from: number): boolean {
  const to = Math.min(bytes.length, from + MOST_SEARCHED);
  for (let at = from; at < to; at++) {
    const length = at + 4 <= bytes.length ? viewOf(bytes).getUint32(at, true) : 0;
    // Every record is checked only if it could be one at all, which few lengths allow.
    if (length >= 8 && at + RECORD_HEAD + length <= bytes.length && endOfRecord(bytes, at) !== undefined) return true;
  }
  return false;
}

const MOST_SEARCHED = 64 * 1024;

function decodeRecord(record: JournalBytes): unknown {
  const view = viewOf(record);
  const headerLength = view.getUint32(RECORD_HEAD, true);
  const count = view.getUint32(RECORD_HEAD + 4, true);
  const headerAt = RECORD_HEAD + 8 + 4 * count;
  const buffers: ArrayBuffer[] = [];
  let at = headerAt + headerLength;
  for (let i = 0; i < count; i++) {
    const size = view.getUint32(RECORD_HEAD + 8 + 4 * i, true);
    buffers.push(record.slice(at, at + size).buffer);
    at += size;
  }
  return decodeFrames(record.subarray(headerAt, headerAt + headerLength), buffers);
}

function viewOf(bytes: JournalBytes): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

const table = Int32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  return crc;
});

/** CRC-32, as in zip files, of `bytes` from `from` on. */
function checksum(bytes: Uint8Array, from: number): number {
  let crc = -1;
  for (let i = from; i < bytes.length; i++) {
    crc = (crc >>> 8) ^ (table[(crc ^ (bytes[i] as number)) & 255] as number);
  }
  return ~crc >>> 0;
}
