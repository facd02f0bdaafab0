/** The bytes with which each value begins in a header of frames: known to both sides of the codec, and to nobody else. */

/** Whole numbers from 0 to 127 are their own tag, then those from -1 down to -16. */
export const LAST_SMALL = 127;
export const NEGATIVES = 0x80;
export const LOWEST_NEGATIVE = -16;

export const UNDEFINED = 0x90;
export const NULL = 0x91;
export const TRUE = 0x92;
export const FALSE = 0x93;
/** A whole number of 32 bits. */
export const INT = 0x94;
export const DOUBLE = 0x95;
export const BIGINT = 0x96;
export const NEGATIVE_BIGINT = 0x97;
/** Strings of which every unit is below 128, below 256, or not. */
export const ASCII = 0x98;
export const LATIN1 = 0x99;
export const WIDE = 0x9a;
/** One that came before. */
export const SAME_STRING = 0x9b;
export const SAME_OBJECT = 0x9c;
/** Its length, then items until it is full; runs and holes stand for several. */
export const ARRAY = 0x9d;
/** The same, with named properties after its items. */
export const ARRAY_AND_MORE = 0x9e;
export const HOLES = 0x9f;
export const RUN_OF_INT8 = 0xa0;
export const RUN_OF_INT16 = 0xa1;
export const RUN_OF_INT32 = 0xa2;
export const RUN_OF_DOUBLE = 0xa3;
/** The names of its properties, then their values. */
export const OBJECT = 0xa4;
/** With the same names as one that came before. */
export const SAME_SHAPE = 0xa5;
export const MAP = 0xa6;
export const SET = 0xa7;
/** After the last of what has no length before it. */
export const END = 0xa8;
export const DATE = 0xa9;
export const REGEXP = 0xaa;
export const ERROR = 0xab;
/** A primitive in an object: `new Number(1)`. */
export const BOXED = 0xac;
export const BUFFER = 0xad;
export const VIEW = 0xae;

/** How a buffer comes, and which: bits of the byte after its tag. */
export const INLINE = 1;
export const SHARED = 2;
export const RESIZABLE = 4;

/** Buffers up to this many bytes are in the header: a frame of their own would cost more than copying them. */
export const INLINE_LIMIT = 256;

/** Buffers beside a header; what goes beyond comes inline. */
export const BUFFER_LIMIT = 1024;

/** Strings of which both sides keep a list. One of a single unit is as short as its number. */
export const SHORTEST_KEPT = 2;
export const LONGEST_KEPT = 256;

/** As deep as objects may lie in each other. Each takes some of the stack, which in threads is small. */
export const DEPTH_LIMIT = 1_500;

/** Fewer numbers than this are not worth a run. */
export const SHORTEST_RUN = 4;

/** Their places are what is written. */
export const viewTypes = [
  "Int8Array",
  "Uint8Array",
  "Uint8ClampedArray",
  "Int16Array",
  "Uint16Array",
  "Int32Array",
  "Uint32Array",
  "Float32Array",
  "Float64Array",
  "BigInt64Array",
  "BigUint64Array",
  "DataView",
  "Float16Array",
] as const;

/** Which classes of the platform are missing in some places. */
export const platform = globalThis as {
  readonly SharedArrayBuffer?: typeof SharedArrayBuffer;
  readonly structuredClone?: (value: unknown) => unknown;
  readonly Buffer?: { isBuffer(value: unknown): boolean };
  readonly TextEncoder?: new () => {
    encodeInto(text: string, into: Uint8Array): { readonly read: number; readonly written: number };
  };
  readonly TextDecoder?: new (label: string, options: object) => { decode(bytes: Uint8Array): string };
};
