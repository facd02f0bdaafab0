/**
 * A name for what a value is: equal for equal values, wherever and whenever they were made.
 *
 * 128 bits of MurmurHash3, so that nobody meets two values with one name by chance; whoever looks for such a pair finds it. Every
 * container is named for itself and enters the one around it by that name, so that what is referred to many times is walked once.
 *
 * Two values are equal if a clone of one could pass for a clone of the other: types and classes of arrays count, `-0` is not `0`, `NaN`
 * is `NaN`, a hole is not `undefined`. The order of an object's fields does not count, that of a Map's entries and a Set's items does.
 * That two places hold one object, or two that are equal, is no difference.
 */

/** Begins what is written of a value, so that no two kinds can be written alike. */
const Tag = {
  undefined: 1,
  null: 2,
  false: 3,
  true: 4,
  number: 5,
  bigint: 6,
  string: 7,
  hole: 8,
  array: 9,
  object: 10,
  map: 11,
  set: 12,
  bytes: 13,
  date: 14,
  regexp: 15,
  boxed: 16,
  named: 17,
} as const;

const NAME_WORDS = 4;
/** Stands in for the name of what is still being named. */
const UNFINISHED = new Int32Array(0);

const float = new Float64Array(1);
const floatWords = new Int32Array(float.buffer);

/**
 * Names `value` by its content.
 *
 * @param nameOf - for what stands for something else, as a future does: a text that says for what. Asked of every object and function.
 * @throws TypeError if the value holds itself, or something that has no content to compare: a function, a symbol, a promise, a Blob.
 */
export function contentHash(value: unknown, nameOf?: (value: object) => string | undefined): string {
  const walk = new Walk(nameOf);
  walk.write(value);
  return walk.name();
}

class Walk {
  readonly #nameOf: ((value: object) => string | undefined) | undefined;
  /** What was written of the containers being walked, one above the other. */
  #words = new Int32Array(256);
  #top = 0;
  readonly #names = new Map<object, Int32Array>();
  /** How we got to where we are, for whoever has to be told of a problem there. */
  readonly #trail: (string | number)[] = [];

  constructor(nameOf: ((value: object) => string | undefined) | undefined) {
    this.#nameOf = nameOf;
  }

  name(): string {
    const name = digest(this.#words, this.#top, 4 * this.#top);
    return Array.from(name, (word) => (word >>> 0).toString(36).padStart(7, "0")).join("");
  }

  write(value: unknown): void {
    switch (typeof value) {
      case "number":
        return this.#number(Tag.number, value);
      case "string":
        return this.#text(Tag.string, value);
      case "undefined":
        return this.#push(Tag.undefined);
      case "boolean":
        return this.#push(value ? Tag.true : Tag.false);
      case "bigint":
        return this.#text(Tag.bigint, value.toString(36));
      case "object":
        return value === null ? this.#push(Tag.null) : this.#object(value);
      case "function":
        return this.#standIn(value) ? undefined : this.#refuse("a function");
      default:
        return this.#refuse(`a ${typeof value}`);
    }
  }

  #object(value: object): void {
    if (this.#standIn(value)) return;
    let name = this.#names.get(value);
    if (name === UNFINISHED) {
      throw new TypeError(
        `${this.#place()} holds itself: a value that goes round in circles cannot be told by its content`,
      );
    }
    if (name === undefined) {
      this.#names.set(value, UNFINISHED);
      const base = this.#top;
      this.#content(value);
      name = digest(this.#words.subarray(base, this.#top), this.#top - base, 4 * (this.#top - base));
      this.#top = base;
      this.#names.set(value, name);
    }
    this.#words = withRoom(this.#words, this.#top + NAME_WORDS);
    this.#words.set(name, this.#top);
    this.#top += NAME_WORDS;
  }

  #standIn(value: object): boolean {
    const name = this.#nameOf?.(value);
    if (name !== undefined) this.#text(Tag.named, name);
    return name !== undefined;
  }

  #content(value: object): void {
    if (Array.isArray(value)) return this.#array(value);
    if (ArrayBuffer.isView(value)) return this.#bytes(value, value.buffer, value.byteOffset, value.byteLength);
    if (value instanceof Map) return this.#map(value);
    if (value instanceof Set) {
      this.#push(Tag.set);
      let i = 0;
      for (const item of value) this.#at(i++, item);
      return;
    }
    switch (Object.prototype.toString.call(value)) {
      case "[object ArrayBuffer]":
      case "[object SharedArrayBuffer]":
        return this.#bytes(value, value as ArrayBuffer, 0, (value as ArrayBuffer).byteLength);
      case "[object Date]":
        return this.#number(Tag.date, (value as Date).getTime());
      case "[object RegExp]":
        return this.#text(Tag.regexp, String(value));
      case "[object Number]":
      case "[object String]":
      case "[object Boolean]":
      case "[object BigInt]":
        this.#push(Tag.boxed);
        return this.write((value as { valueOf(): unknown }).valueOf());
      case "[object Object]":
        return this.#fields(Tag.object, value, Object.keys(value));
      default:
        return this.#refuse(`a ${value.constructor?.name ?? "platform's object"}`);
    }
  }

  #array(array: readonly unknown[]): void {
    this.#push(Tag.array);
    this.#push(array.length);
    let holes = 0;
    for (let i = 0; i < array.length; i++) {
      const item = array[i];
      if (typeof item === "number") this.#number(Tag.number, item);
      else if (item !== undefined || i in array) this.#at(i, item);
      else {
        holes += 1;
        this.#push(Tag.hole);
      }
    }
    const keys = Object.keys(array);
    // As the match of a regular expression has: they travel, too.
    if (keys.length > array.length - holes) this.#fields(Tag.object, array, keys.slice(array.length - holes));
  }

  #map(map: ReadonlyMap<unknown, unknown>): void {
    this.#push(Tag.map);
    let i = 0;
    for (const [key, item] of map) {
      this.#at(`key ${i}`, key);
      this.#at(i++, item);
    }
  }

  #fields(tag: number, object: object, keys: string[]): void {
    this.#push(tag);
    // Not as people read them, for that would be another order in another country.
    for (const key of keys.sort()) {
      this.#text(Tag.string, key);
      this.#at(key, (object as Record<string, unknown>)[key]);
    }
  }

  #at(step: string | number, item: unknown): void {
    this.#trail.push(step);
    this.write(item);
    this.#trail.pop();
  }

  #bytes(value: object, buffer: ArrayBufferLike, byteOffset: number, byteLength: number): void {
    this.#text(Tag.bytes, (value as { [Symbol.toStringTag]: string })[Symbol.toStringTag]);
    const wholeWords = byteLength >>> 2;
    const isAligned = byteOffset % 4 === 0;
    const source = isAligned ? buffer : buffer.slice(byteOffset, byteOffset + byteLength);
    const start = isAligned ? byteOffset : 0;
    const rest = new Uint8Array(source, start + 4 * wholeWords, byteLength % 4);
    const name = digest(new Int32Array(source, start, wholeWords), wholeWords, byteLength, rest);
    for (const word of name) this.#push(word);
  }

  #number(tag: number, value: number): void {
    // There are many NaNs, and nothing in the language tells them apart.
    float[0] = Number.isNaN(value) ? Number.NaN : value;
    const words = withRoom(this.#words, this.#top + 3);
    this.#words = words;
    words[this.#top] = tag;
    words[this.#top + 1] = floatWords[0] as number;
    words[this.#top + 2] = floatWords[1] as number;
    this.#top += 3;
  }

  #text(tag: number, text: string): void {
    const words = withRoom(this.#words, this.#top + 3 + (text.length >>> 1));
    this.#words = words;
    let top = this.#top;
    words[top++] = tag;
    words[top++] = text.length;
    let i = 1;
    for (; i < text.length; i += 2) words[top++] = (text.charCodeAt(i - 1) << 16) | text.charCodeAt(i);
    if (i === text.length) words[top++] = text.charCodeAt(i - 1);
    this.#top = top;
  }

  #push(word: number): void {
    this.#words = withRoom(this.#words, this.#top + 1);
    this.#words[this.#top++] = word;
  }

  #refuse(what: string): never {
    throw new TypeError(`${this.#place()} is ${what}, which has no content to be told by; pass plain data`);
  }

  #place(): string {
    return `the value${this.#trail.map((step) => (typeof step === "number" ? `[${step}]` : `.${step}`)).join("")}`;
  }
}

function withRoom(words: Int32Array<ArrayBuffer>, length: number): Int32Array<ArrayBuffer> {
  if (length <= words.length) return words;
  const larger = new Int32Array(Math.max(2 * words.length, length));
  larger.set(words);
  return larger;
}

/** MurmurHash3 for 32-bit machines, 128 bits wide, of `count` words and then `rest`: together `nbytes` bytes. */
function digest(words: Int32Array, count: number, nbytes: number, rest?: Uint8Array): Int32Array {
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 0;
  let at = 0;
  for (const end = count - 3; at < end; at += 4) {
    a ^= first(words[at] as number);
    a = (Math.imul(((a << 19) | (a >>> 13)) + b, 5) + 0x561ccd1b) | 0;
    b ^= second(words[at + 1] as number);
    b = (Math.imul(((b << 17) | (b >>> 15)) + c, 5) + 0x0bcaa747) | 0;
    c ^= third(words[at + 2] as number);
    c = (Math.imul(((c << 15) | (c >>> 17)) + d, 5) + 0x96cd1c35) | 0;
    d ^= fourth(words[at + 3] as number);
    d = (Math.imul(((d << 13) | (d >>> 19)) + a, 5) + 0x32ac3b17) | 0;
  }
  const tail = [0, 0, 0, 0];
  let i = 0;
  for (; at < count; at++) tail[i++] = words[at] as number;
  if (rest !== undefined)
    for (let k = 0; k < rest.length; k++) tail[i] = (tail[i] as number) | ((rest[k] as number) << (8 * k));
  a = a ^ first(tail[0] as number) ^ nbytes;
  b = b ^ second(tail[1] as number) ^ nbytes;
  c = c ^ third(tail[2] as number) ^ nbytes;
  d = d ^ fourth(tail[3] as number) ^ nbytes;
  a = (a + b + c + d) | 0;
  b = (b + a) | 0;
  c = (c + a) | 0;
  d = (d + a) | 0;
  a = finish(a);
  b = finish(b);
  c = finish(c);
  d = finish(d);
  a = (a + b + c + d) | 0;
  return Int32Array.of(a, b + a, c + a, d + a);
}

function first(word: number): number {
  const k = Math.imul(word, 0x239b961b);
  return Math.imul((k << 15) | (k >>> 17), 0xab0e9789);
}

function second(word: number): number {
  const k = Math.imul(word, 0xab0e9789);
  return Math.imul((k << 16) | (k >>> 16), 0x38b34ae5);
}

function third(word: number): number {
  const k = Math.imul(word, 0x38b34ae5);
  return Math.imul((k << 17) | (k >>> 15), 0xa1e38b93);
}

function fourth(word: number): number {
  const k = Math.imul(word, 0xa1e38b93);
  return Math.imul((k << 18) | (k >>> 14), 0x239b961b);
}

/** Lets every bit of a word have its say in every other. */
function finish(word: number): number {
  word = Math.imul(word ^ (word >>> 16), 0x85ebca6b);
  word = Math.imul(word ^ (word >>> 13), 0xc2b2ae35);
  return word ^ (word >>> 16);
}
