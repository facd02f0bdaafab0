/** Makes a value of the bytes of a header and the buffers beside it. Whoever wrote them may be a stranger. */

import { errorOf, ProtocolError } from "../protocol/errors.ts";
import { FrameReader } from "./frame-reader.ts";
import * as tags from "./frame-tags.ts";

/** What a buffer might grow to takes none of the memory, but some of the addresses there are: beyond this, it stays as it is. */
const RESERVABLE_BYTES = 2 ** 28;

/** Bytes of each item of a run. */
const runWidths: { readonly [tag: number]: 1 | 2 | 4 | 8 | undefined } = {
  [tags.RUN_OF_INT8]: 1,
  [tags.RUN_OF_INT16]: 2,
  [tags.RUN_OF_INT32]: 4,
  [tags.RUN_OF_DOUBLE]: 8,
};

type Fields = Record<string, unknown>;

interface Shape {
  readonly names: readonly string[];
  /** One of the names would set the prototype if it were assigned to. */
  readonly isOdd: boolean;
}

export class FrameDecoder {
  readonly #reader: FrameReader;
  readonly #buffers: readonly ArrayBufferLike[];
  readonly #objects: (object | undefined)[] = [];
  readonly #shapes: Shape[] = [];
  /** How much more buffers of this message may grow to. */
  #reservable = RESERVABLE_BYTES;
  #nextBuffer = 0;
  #depth = 0;

  constructor(header: Uint8Array, buffers: readonly ArrayBufferLike[]) {
    this.#reader = new FrameReader(header);
    this.#buffers = buffers;
  }

  whole(): unknown {
    const value = this.#value(this.#reader.byte());
    if (this.#reader.left > 0)
      throw new ProtocolError(`A message goes on for ${this.#reader.left} bytes after its end.`);
    if (this.#nextBuffer < this.#buffers.length)
      throw new ProtocolError("A message came with buffers that are not in it.");
    return value;
  }

  #value(tag: number): unknown {
    if (tag <= tags.LAST_SMALL) return tag;
    if (tag < tags.UNDEFINED) return tags.NEGATIVES - 1 - tag;
    const reader = this.#reader;
    switch (tag) {
      case tags.UNDEFINED:
        return undefined;
      case tags.NULL:
        return null;
      case tags.TRUE:
        return true;
      case tags.FALSE:
        return false;
      case tags.INT:
        return reader.int();
      case tags.DOUBLE:
        return reader.double();
      case tags.BIGINT:
        return this.#bigint();
      case tags.NEGATIVE_BIGINT:
        return -this.#bigint();
      case tags.ASCII:
      case tags.LATIN1:
      case tags.WIDE:
      case tags.SAME_STRING:
        return reader.stringOf(tag);
      case tags.SAME_OBJECT:
        return this.#known(reader.count());
    }
    if (++this.#depth > tags.DEPTH_LIMIT) throw new ProtocolError("A message is nested too deep.");
    const object = this.#object(tag);
    this.#depth--;
    return object;
  }

  #next(): unknown {
    return this.#value(this.#reader.byte());
  }

  #known(number: number): object {
    const object = this.#objects[number];
    if (object === undefined) throw new ProtocolError("A message refers to an object that is not in it, or not yet.");
    return object;
  }

  #keep<T extends object>(object: T): T {
    this.#objects.push(object);
    return object;
  }

  #object(tag: number): object {
    const reader = this.#reader;
    switch (tag) {
      case tags.ARRAY:
        return this.#items(this.#keep([]), reader.count());
      case tags.ARRAY_AND_MORE: {
        const array = this.#items(this.#keep([]), reader.count());
        return this.#properties(array);
      }
      case tags.OBJECT: {
        const object = this.#keep({});
        return this.#fill(object, this.#shape());
      }
      case tags.SAME_SHAPE: {
        const shape = this.#shapes[reader.count()];
        if (shape === undefined) throw new ProtocolError("A message refers to names that are not in it.");
        return this.#fill(this.#keep({}), shape);
      }
      case tags.MAP: {
        const map = this.#keep(new Map<unknown, unknown>());
        for (let next = reader.byte(); next !== tags.END; next = reader.byte()) {
          const key = this.#value(next);
          map.set(key, this.#next());
        }
        return map;
      }
      case tags.SET: {
        const set = this.#keep(new Set<unknown>());
        for (let next = reader.byte(); next !== tags.END; next = reader.byte()) set.add(this.#value(next));
        return set;
      }
      case tags.DATE:
        return this.#keep(new Date(reader.double()));
      case tags.REGEXP:
        return this.#keep(regexp(reader.string(), reader.string()));
      case tags.ERROR:
        return this.#error();
      case tags.BOXED:
        return this.#boxed();
      case tags.BUFFER:
        return this.#keep(this.#buffer());
      case tags.VIEW:
        return this.#view();
      default:
        throw new ProtocolError(`No value begins with ${tag}.`);
    }
  }

  #bigint(): bigint {
    const length = this.#reader.count();
    const at = this.#reader.skip(length);
    let digits = "0x0";
    for (let i = at; i < at + length; i++) digits += (this.#reader.bytes[i] as number).toString(16).padStart(2, "0");
    return BigInt(digits);
  }

  #items(array: unknown[], length: number): unknown[] {
    const reader = this.#reader;
    if (length > 2 ** 32 - 1) throw new ProtocolError("A message has an array in it that is too long.");
    let at = 0;
    while (at < length) {
      const tag = reader.byte();
      const width = runWidths[tag];
      if (width !== undefined) {
        const count = this.#some(length - at);
        reader.run(array, at, count, width);
        at += count;
      } else if (tag === tags.HOLES) at += this.#some(length - at);
      else array[at++] = tag <= tags.LAST_SMALL ? tag : this.#value(tag);
    }
    if (array.length < length) endInHoles(array, length);
    return array;
  }

  /** How many items come at once: at least one, and no more than there is room for. */
  #some(room: number): number {
    const count = this.#reader.count();
    if (count === 0 || count > room) throw new ProtocolError("An array in a message has too many items.");
    return count;
  }

  #shape(): Shape {
    const count = this.#reader.count();
    const names: string[] = [];
    for (let i = 0; i < count; i++) names.push(this.#reader.string());
    const shape = { names, isOdd: names.includes("__proto__") };
    this.#shapes.push(shape);
    return shape;
  }

  #fill(object: Fields, { names, isOdd }: Shape): object {
    for (let i = 0; i < names.length; i++) {
      const name = names[i] as string;
      if (isOdd) define(object, name, this.#next());
      else object[name] = this.#next();
    }
    return object;
  }

  #properties(object: object, enumerable = true): object {
    const count = this.#reader.count();
    for (let i = 0; i < count; i++) {
      const name = this.#reader.string();
      if (Array.isArray(object) && name === "length") throw new ProtocolError("An array in a message has two lengths.");
      define(object, name, this.#next(), enumerable);
    }
    return object;
  }

  #error(): object {
    const [base, className, name, message, stack] = Array.from({ length: 5 }, () => this.#textOrNot());
    const error = this.#keep(errorOf(base ?? "Error", className, message, name));
    if (stack !== undefined) define(error, "stack", stack, false);
    this.#properties(error, false);
    return this.#properties(error);
  }

  #textOrNot(): string | undefined {
    const tag = this.#reader.byte();
    return tag === tags.UNDEFINED ? undefined : this.#reader.stringOf(tag);
  }

  #boxed(): object {
    const value = this.#next();
    if ((typeof value === "object" && value !== null) || value === undefined || value === null)
      throw new ProtocolError("A message has an object in it that holds no primitive.");
    return this.#keep(Object(value));
  }

  #buffer(): ArrayBufferLike {
    const reader = this.#reader;
    const flags = reader.byte();
    const most = (flags & tags.RESIZABLE) === 0 ? undefined : reader.count();
    const source = (flags & tags.INLINE) === 0 ? this.#laidAside() : this.#inline();
    const { SharedArrayBuffer: Shared } = tags.platform;
    const isShared = (flags & tags.SHARED) !== 0 && Shared !== undefined;
    if (most === undefined && !isShared) return source;
    const { byteLength } = source;
    if (most !== undefined && most < byteLength)
      throw new ProtocolError("A buffer in a message is larger than it may be.");
    this.#reservable -= most ?? 0;
    const maxByteLength = this.#reservable < 0 ? byteLength : most;
    const Type = isShared ? (Shared as unknown as ArrayBufferConstructor) : ArrayBuffer;
    const buffer =
      most === undefined
        ? new Type(byteLength)
        : new (Type as Resizable)(byteLength, { maxByteLength: maxByteLength as number });
    new Uint8Array(buffer).set(new Uint8Array(source));
    return buffer;
  }

  /** They are written in the order in which they are met, each once. */
  #laidAside(): ArrayBufferLike {
    const buffer = this.#buffers[this.#nextBuffer++];
    if (buffer === undefined) throw new ProtocolError("A message refers to a buffer that did not come with it.");
    return buffer;
  }

  #inline(): ArrayBuffer {
    const length = this.#reader.count();
    const at = this.#reader.skip(length);
    return this.#reader.bytes.slice(at, at + length).buffer as ArrayBuffer;
  }

  #view(): object {
    const reader = this.#reader;
    const name = tags.viewTypes[reader.byte()];
    const Type = name === undefined ? undefined : (globalThis as unknown as Record<string, ViewType | undefined>)[name];
    if (Type === undefined) throw new ProtocolError(`A message has a view in it that is not known here: ${name}.`);
    const isTracking = reader.byte() === 1;
    const place = this.#objects.push(undefined) - 1;
    const buffer = this.#next();
    const isBuffer =
      buffer instanceof ArrayBuffer ||
      (tags.platform.SharedArrayBuffer !== undefined && buffer instanceof tags.platform.SharedArrayBuffer);
    if (!isBuffer) throw new ProtocolError("A message has a view in it that looks at no buffer.");
    const byteOffset = reader.count();
    const length = isTracking ? undefined : reader.count();
    const view = viewOf(Type, buffer as ArrayBuffer, byteOffset, length);
    this.#objects[place] = view;
    return view;
  }
}

type ViewType = new (buffer: ArrayBuffer, byteOffset: number, length?: number) => ArrayBufferView;
type Resizable = new (byteLength: number, options: { maxByteLength: number }) => ArrayBuffer;

function viewOf(Type: ViewType, buffer: ArrayBuffer, byteOffset: number, length: number | undefined): ArrayBufferView {
  try {
    return new Type(buffer, byteOffset, length);
  } catch (cause) {
    throw new ProtocolError("A message has a view in it that looks beyond its buffer.", {}, { cause });
  }
}

function regexp(source: string, flags: string): RegExp {
  try {
    return new RegExp(source, flags);
  } catch (cause) {
    throw new ProtocolError("A message has a regular expression in it that is none.", {}, { cause });
  }
}

/** An item far away makes an engine keep a table of what there is; a length that is merely set may make it reserve all of it. */
function endInHoles(array: unknown[], length: number): void {
  array[length - 1] = undefined;
  delete array[length - 1];
}

/** As its own, whatever it is called. */
function define(object: object, name: string, value: unknown, enumerable = true): void {
  Object.defineProperty(object, name, { value, enumerable, configurable: true, writable: true });
}
