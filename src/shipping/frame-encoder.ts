/** Writes a value as the bytes of a header, and lays aside the buffers in it. */

import { UnserializableError } from "../protocol/errors.ts";
import { kindOf, type PlatformKind, plainOf } from "./frame-kinds.ts";
import { pathTo } from "./frame-path.ts";
import * as tags from "./frame-tags.ts";
import { FrameWriter } from "./frame-writer.ts";
import { typeOf } from "./measure.ts";

export interface Frames {
  /** What the value is made of. Owned by the caller. */
  readonly header: Uint8Array<ArrayBuffer>;
  /** The buffers in it, as they are: not copied. */
  readonly buffers: readonly ArrayBufferLike[];
}

/** What stands in the way, and why: where it lies is looked for only then. */
class Refusal {
  readonly culprit: unknown;
  readonly why: string;

  constructor(culprit: unknown, why: string) {
    this.culprit = culprit;
    this.why = why;
  }
}

const SHAPES = 64;
const hasOwn = Object.prototype.hasOwnProperty;
/** Arrays longer than this that hold primitives alone are only asked for the names that the language itself gives: asking for all costs more than the items. */
const LONG_ARRAY = 256;
const MATCH_NAMES = ["index", "input", "groups", "indices"];
/** Runs of holes shorter than this are written hole by hole. */
const FEW_HOLES = 16;

export class FrameEncoder {
  readonly #writer = new FrameWriter();
  readonly #objects = new Map<object, number>();
  /** Names that objects had of late, where these put them, and their numbers; those below `#firstShape` were in messages before. */
  readonly #shapes: (readonly string[])[] = new Array(SHAPES).fill([]);
  readonly #shapeNumbers: number[] = new Array(SHAPES).fill(-1);
  #firstShape = 0;
  #nextShape = 0;
  #buffers: ArrayBufferLike[] = [];
  #depth = 0;

  encode(value: unknown): Frames {
    try {
      this.#value(value);
      return { header: this.#writer.take(), buffers: this.#buffers };
    } catch (thrown) {
      if (!(thrown instanceof Refusal)) throw thrown;
      const path = pathTo(value, thrown.culprit);
      throw new UnserializableError(`${path === "" ? "It" : `What is at ${path}`} ${thrown.why}`, { path });
    } finally {
      this.#writer.reset();
      this.#objects.clear();
      this.#buffers = [];
      this.#firstShape = this.#nextShape;
      this.#depth = 0;
    }
  }

  #value(value: unknown): void {
    const writer = this.#writer;
    switch (typeof value) {
      case "number":
        this.#number(value);
        return;
      case "string":
        writer.string(value);
        return;
      case "undefined":
        writer.byte(tags.UNDEFINED);
        return;
      case "boolean":
        writer.byte(value ? tags.TRUE : tags.FALSE);
        return;
      case "bigint":
        this.#bigint(value);
        return;
      case "object":
        if (value === null) writer.byte(tags.NULL);
        else this.#object(value);
        return;
      default:
        throw new Refusal(value, `is a ${typeof value}, which cannot travel.`);
    }
  }

  #number(value: number): void {
    const writer = this.#writer;
    if ((value | 0) !== value || (value === 0 && 1 / value < 0)) {
      writer.byte(tags.DOUBLE);
      writer.double(value);
    } else if (value >= 0 && value <= tags.LAST_SMALL) writer.byte(value);
    else if (value < 0 && value >= tags.LOWEST_NEGATIVE) writer.byte(tags.NEGATIVES - 1 - value);
    else {
      writer.byte(tags.INT);
      writer.int(value);
    }
  }

  #bigint(value: bigint): void {
    const digits = (value < 0n ? -value : value).toString(16);
    const even = digits.length % 2 === 0 ? digits : `0${digits}`;
    this.#writer.byte(value < 0n ? tags.NEGATIVE_BIGINT : tags.BIGINT);
    this.#writer.count(even.length / 2);
    for (let i = 0; i < even.length; i += 2) this.#writer.byte(Number.parseInt(even.slice(i, i + 2), 16));
  }

  #object(object: object): void {
    const known = this.#objects.get(object);
    if (known !== undefined) {
      this.#writer.byte(tags.SAME_OBJECT);
      this.#writer.count(known);
      return;
    }
    this.#objects.set(object, this.#objects.size);
    if (++this.#depth > tags.DEPTH_LIMIT)
      throw new Refusal(object, `lies more than ${tags.DEPTH_LIMIT} objects deep, which is as deep as values may be.`);
    if (Array.isArray(object)) this.#array(object);
    else {
      const prototype = Object.getPrototypeOf(object);
      if (prototype === Object.prototype || prototype === null) this.#plain(object);
      else this.#special(object);
    }
    this.#depth--;
  }

  #array(array: readonly unknown[]): void {
    const writer = this.#writer;
    const { length } = array;
    const start = writer.length;
    writer.byte(tags.ARRAY);
    writer.count(length);
    let isPrimitive = true;
    let taken = length;
    for (let i = 0; i < length; ) {
      const item = array[i];
      if (typeof item === "number") {
        i = this.#numbers(array, i);
        continue;
      }
      if (item === undefined && !hasOwn.call(array, i)) {
        const end = this.#holes(array, i);
        taken -= end - i;
        i = end;
        continue;
      }
      if (typeof item === "object" && item !== null) isPrimitive = false;
      this.#value(item);
      i++;
    }
    const names = isPrimitive && length > LONG_ARRAY ? MATCH_NAMES.filter(isOwn, array) : namesBeside(array, taken);
    if (names.length === 0) return;
    writer.amend(start, tags.ARRAY_AND_MORE);
    this.#properties(array, names);
  }

  /** Writes the numbers of `array` that begin at `from`; returns where they end. */
  #numbers(array: readonly unknown[], from: number): number {
    const { length } = array;
    let to = from;
    let least = 0;
    let most = 0;
    let areWhole = true;
    for (; to < length; to++) {
      const item = array[to];
      if (typeof item !== "number") break;
      if ((item | 0) !== item || (item === 0 && 1 / item < 0)) areWhole = false;
      else if (item < least) least = item;
      else if (item > most) most = item;
    }
    const count = to - from;
    if (count < tags.SHORTEST_RUN) {
      for (let i = from; i < to; i++) this.#number(array[i] as number);
      return to;
    }
    const extent = Math.max(most, -1 - least);
    const width = !areWhole ? 8 : extent < 128 ? 1 : extent < 32_768 ? 2 : 4;
    this.#writer.byte(runTags[width]);
    this.#writer.count(count);
    this.#writer.run(array, from, to, width);
    return to;
  }

  /** Writes that nothing is at `from`, and how far that goes; returns where it ends. Few of very many places may be taken. */
  #holes(array: readonly unknown[], from: number): number {
    let to = from + 1;
    while (to < array.length && to - from < FEW_HOLES && array[to] === undefined && !hasOwn.call(array, to)) to++;
    if (to - from === FEW_HOLES) to = nextTaken(array, to);
    this.#writer.byte(tags.HOLES);
    this.#writer.count(to - from);
    return to;
  }

  #plain(object: object): void {
    const names = Object.keys(object);
    const writer = this.#writer;
    const place = shapePlace(names);
    const shape = this.#shapes[place] as readonly string[];
    const number = this.#shapeNumbers[place] as number;
    if (number >= this.#firstShape && areSame(shape, names)) {
      writer.byte(tags.SAME_SHAPE);
      writer.count(number - this.#firstShape);
    } else {
      this.#shapes[place] = names;
      this.#shapeNumbers[place] = this.#nextShape++;
      writer.byte(tags.OBJECT);
      writer.count(names.length);
      for (const name of names) writer.string(name);
    }
    for (let i = 0; i < names.length; i++) this.#value((object as Record<string, unknown>)[names[i] as string]);
  }

  #properties(object: object, names: readonly string[]): void {
    this.#writer.count(names.length);
    for (const name of names) {
      this.#writer.string(name);
      this.#value((object as Record<string, unknown>)[name]);
    }
  }

  #special(object: object): void {
    const writer = this.#writer;
    const kind: PlatformKind = kindOf(object);
    switch (kind.type) {
      case "plain":
        this.#plain(object);
        return;
      case "refused":
        // What is in it may be to blame for that: then that is what the error is about.
        this.#plain(object);
        throw new Refusal(object, `is a ${typeOf(object)}, which cannot travel.`);
      case "map":
        writer.byte(tags.MAP);
        for (const [key, item] of [...kind.entries()]) {
          this.#value(key);
          this.#value(item);
        }
        writer.byte(tags.END);
        return;
      case "set":
        writer.byte(tags.SET);
        for (const item of [...kind.items()]) this.#value(item);
        writer.byte(tags.END);
        return;
      case "date":
        writer.byte(tags.DATE);
        writer.double(kind.time);
        return;
      case "regexp":
        writer.byte(tags.REGEXP);
        writer.string((object as RegExp).source);
        writer.string((object as RegExp).flags);
        return;
      case "boxed":
        writer.byte(tags.BOXED);
        this.#value(kind.value);
        return;
      case "error":
        this.#error(object as Error);
        return;
      case "view":
        this.#view(object as ArrayBufferView, kind.name);
        return;
      case "buffer":
        this.#buffer(object as ArrayBuffer, kind.isShared);
        return;
      default:
        kind satisfies never;
    }
  }

  #error(error: Error): void {
    this.#writer.byte(tags.ERROR);
    const { base, className, name, message, stack, hidden, fields } = plainOf(error);
    for (const each of [base, className, name, message, stack]) this.#value(each);
    this.#properties(error, hidden);
    this.#properties(error, fields);
  }

  #view(view: ArrayBufferView, name: string): void {
    const writer = this.#writer;
    const type = tags.viewTypes.indexOf(name as (typeof tags.viewTypes)[number]);
    if (type < 0) throw new Refusal(view, `is a ${name}, which cannot travel.`);
    writer.byte(tags.VIEW);
    writer.byte(type);
    const { buffer, byteOffset, byteLength } = view;
    const length = (view as Partial<Uint8Array>).length ?? byteLength;
    if (byteLength < buffer.byteLength && tags.platform.Buffer?.isBuffer(view)) {
      // Small buffers of Node lie in one large one, with what else the program is about: that is not to travel.
      writer.byte(0);
      this.#objects.set({}, this.#objects.size);
      this.#bytes(view.buffer.slice(byteOffset, byteOffset + byteLength), 0);
      writer.count(0);
      writer.count(length);
      return;
    }
    const isTracking = tracksLength(view);
    writer.byte(isTracking ? 1 : 0);
    this.#object(buffer);
    writer.count(byteOffset);
    if (!isTracking) writer.count(length);
  }

  #buffer(buffer: ArrayBuffer, isShared: boolean): void {
    const { resizable, growable } = buffer as { resizable?: boolean; growable?: boolean };
    if (!isShared && buffer.byteLength === 0 && isDetached(buffer))
      throw new Refusal(buffer, "was transferred, and is here no more.");
    this.#bytes(buffer, (isShared ? tags.SHARED : 0) | (resizable === true || growable === true ? tags.RESIZABLE : 0));
  }

  #bytes(buffer: ArrayBufferLike, flags: number): void {
    const writer = this.#writer;
    const isInline = buffer.byteLength <= tags.INLINE_LIMIT || this.#buffers.length === tags.BUFFER_LIMIT;
    writer.byte(tags.BUFFER);
    writer.byte(isInline ? flags | tags.INLINE : flags);
    if ((flags & tags.RESIZABLE) !== 0) writer.count((buffer as unknown as { maxByteLength: number }).maxByteLength);
    if (isInline) {
      writer.count(buffer.byteLength);
      writer.raw(new Uint8Array(buffer));
    } else {
      this.#buffers.push(buffer);
    }
  }
}

const runTags = { 1: tags.RUN_OF_INT8, 2: tags.RUN_OF_INT16, 4: tags.RUN_OF_INT32, 8: tags.RUN_OF_DOUBLE } as const;

function isOwn(this: object, name: string): boolean {
  return hasOwn.call(this, name);
}

const NONE: readonly string[] = [];

/** The properties of an array that are not among its items, of which there are so many: as a rule there are no more keys than that. */
function namesBeside(array: readonly unknown[], taken: number): readonly string[] {
  const keys = Object.keys(array);
  return keys.length === taken ? NONE : keys.filter(isName);
}

/** Whether `key` is no place of an array. */
function isName(key: string): boolean {
  const place = Number(key);
  return !(place >= 0 && place < 2 ** 32 - 1 && String(place) === key && Number.isInteger(place));
}

/** The next place after `from` that is taken, or the end. */
function nextTaken(array: readonly unknown[], from: number): number {
  for (const key of Object.keys(array)) {
    if (isName(key)) break;
    if (Number(key) >= from) return Number(key);
  }
  return array.length;
}

function shapePlace(names: readonly string[]): number {
  const first = names[0];
  if (first === undefined) return 0;
  const last = names[names.length - 1] as string;
  const mixed = (names.length * 31 + first.length) * 31 + first.charCodeAt(0) * 7 + last.charCodeAt(0) + last.length;
  return mixed & (SHAPES - 1);
}

function areSame(one: readonly string[], other: readonly string[]): boolean {
  if (one.length !== other.length) return false;
  for (let i = 0; i < one.length; i++) if (one[i] !== other[i]) return false;
  return true;
}

function isDetached(buffer: ArrayBuffer): boolean {
  try {
    new Uint8Array(buffer);
    return false;
  } catch {
    return true;
  }
}

/** Whether a view is as long as its buffer, however long that becomes. One that only happens to end there cannot be told apart. */
function tracksLength({ buffer, byteOffset, byteLength }: ArrayBufferView): boolean {
  const { resizable, growable } = buffer as { resizable?: boolean; growable?: boolean };
  return (resizable === true || growable === true) && byteOffset + byteLength > buffer.byteLength - 8;
}
