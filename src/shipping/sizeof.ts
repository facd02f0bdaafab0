/**
 * How much memory a value takes, fast: for what a worker keeps, and nobody has weighed.
 *
 * What is in buffers is counted exactly, each buffer once, and so is text. Of many objects alike some are looked at, and stand for all; where
 * those differ much, or have buffers in them, all are looked at. What objects take is what they take in V8 on 64 bits: others are within
 * a factor of two of that.
 */

/** Bytes of an object without its fields, and of each field. */
const OBJECT = 24;
const FIELD = 8;
/** A number that is not a small whole one lies beside the object whose field it is. */
const BOXED = 16;
const ARRAY = 48;
const DATE = 72;
/** With more fields than this, an object is a table of its names. */
const FEW_FIELDS = 128;
const TABLE_ENTRY = 48;
const MAP_ENTRY = 40;
const SET_ENTRY = 28;
const BUFFER = 96;
const VIEW = 104;
const STRING = 16;
const SMALL_INTEGER = 2 ** 31;

/** Of more objects than this in one array, map or set, so many are looked at. */
const SAMPLE = 128;
const GOLDEN = (Math.sqrt(5) - 1) / 2;
/** One of them that is so many times as large as they are on average stands for itself alone. */
const ODD = 4;
/** Characters of a long text that are looked at to see whether it takes one byte each or two. */
const CHARACTERS = 32;
/** Deeper than this nothing is looked at: a chain of a million objects would take up the stack. */
const MOST_DEEP = 200;

class Sizing {
  readonly #seen = new Set<object>();
  #depth = 0;
  /** Buffers found so far. */
  buffers = 0;

  of(value: unknown): number {
    switch (typeof value) {
      case "string":
        return stringBytes(value);
      case "object":
        return value === null ? 0 : this.#object(value);
      case "bigint":
        return BOXED;
      default:
        return 0;
    }
  }

  #object(value: object): number {
    if (this.#seen.has(value) || this.#depth > MOST_DEEP) return 0;
    this.#seen.add(value);
    this.#depth += 1;
    const bytes = this.#contents(value);
    this.#depth -= 1;
    return bytes;
  }

  #contents(value: object): number {
    if (Array.isArray(value)) return ARRAY + FIELD * value.length + this.#all(value);
    if (ArrayBuffer.isView(value)) return VIEW + this.#object(value.buffer);
    if (value instanceof ArrayBuffer || isShared(value)) {
      this.buffers += 1;
      return BUFFER + (value as ArrayBuffer).byteLength;
    }
    if (value instanceof Map) {
      const keys = [...value.keys()];
      return OBJECT + MAP_ENTRY * keys.length + this.#all(keys) + this.#all([...value.values()]);
    }
    if (value instanceof Set) return OBJECT + SET_ENTRY * value.size + this.#all([...value]);
    return this.#fields(value as Record<string, unknown>);
  }

  #fields(value: Record<string, unknown>): number {
    let bytes = value instanceof Date ? OBJECT + DATE : OBJECT;
    const names = Object.keys(value);
    if (names.length > FEW_FIELDS) for (const name of names) bytes += TABLE_ENTRY + STRING + name.length;
    for (const key of names) {
      const field = value[key];
      bytes += FIELD + (typeof field === "number" ? (isSmall(field) ? 0 : BOXED) : this.of(field));
    }
    return bytes;
  }

  /** What the items of an array refer to. */
  #all(items: readonly unknown[]): number {
    let bytes = 0;
    const objects: object[] = [];
    for (let i = 0; i < items.length; i++) {
      const item = items[i];
      if (typeof item === "number") continue;
      if (typeof item !== "object" || item === null) bytes += this.of(item);
      else if (isFlat(item)) bytes += this.#object(item);
      else objects.push(item);
    }
    return bytes + (objects.length > SAMPLE + SAMPLE ? this.#sample(objects) : this.#each(objects));
  }

  #sample(objects: readonly object[]): number {
    const buffersBefore = this.buffers;
    let most = 0;
    let bytes = 0;
    let count = 0;
    // Anywhere, lest what comes back every so often be missed, but the same each time.
    for (let place = GOLDEN; count < SAMPLE; place = (place + GOLDEN) % 1) {
      const one = this.#object(objects[Math.floor(place * objects.length)] as object);
      if (one > most) most = one;
      bytes += one;
      count += 1;
    }
    if (this.buffers === buffersBefore && most <= (ODD * bytes) / count) return (bytes / count) * objects.length;
    // Those that have been looked at are not counted again.
    return bytes + this.#each(objects);
  }

  #each(objects: readonly object[]): number {
    let bytes = 0;
    for (const object of objects) bytes += this.#object(object);
    return bytes;
  }
}

/** Bytes that a value takes in memory, by estimate; exact for what is in buffers. */
export function sizeof(value: unknown): number {
  if (typeof value === "number") return FIELD;
  return Math.max(FIELD, Math.round(new Sizing().of(value)));
}

/** Text takes a byte for each character if all are of Latin-1, else two. */
function stringBytes(text: string): number {
  const { length } = text;
  const step = Math.max(1, Math.floor(length / CHARACTERS));
  for (let i = step >> 1; i < length; i += step) if (text.charCodeAt(i) > 255) return STRING + 2 * length;
  return STRING + length;
}

function isSmall(number: number): boolean {
  return Number.isInteger(number) && number < SMALL_INTEGER && number >= -SMALL_INTEGER;
}

function isFlat(value: object): boolean {
  return ArrayBuffer.isView(value) || value instanceof ArrayBuffer;
}

function isShared(value: object): boolean {
  return typeof SharedArrayBuffer === "function" && value instanceof SharedArrayBuffer;
}
