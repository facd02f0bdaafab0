/** What a value from outside must look like: small tests that say what is wrong and where, put together to larger ones. */

import { ProtocolError } from "./errors.ts";

/** What is wrong, beginning with where as in `.rows[3]`; undefined if nothing is. */
export type Form = (value: unknown) => string | undefined;

/** More than this many of anything in one list is not looked at. */
const MOST_ITEMS = 10_000_000;
const MOST_TEXT = 1_000_000;
/** As many ids as there may ever be. */
const MOST = Number.MAX_SAFE_INTEGER;

function mustBe(what: string): (value: unknown) => string {
  return (value) => ` must be ${what}, not ${brief(value)}`;
}

/** Shown to whoever reads logs: never long, and never something that could be a value of somebody's. */
function brief(value: unknown): string {
  if (typeof value === "string")
    return value.length > 30 ? `a text of ${value.length} characters` : JSON.stringify(value);
  if (typeof value === "object" && value !== null)
    return Array.isArray(value) ? `a list of ${value.length}` : "an object";
  return typeof value === "function" ? "a function" : String(value);
}

function when(what: string, is: (value: unknown) => boolean): Form {
  const complain = mustBe(what);
  return (value) => (is(value) ? undefined : complain(value));
}

export const anything: Form = () => undefined;

export const flag = when("true or false", (value) => typeof value === "boolean");

export function exactly(...words: readonly unknown[]): Form {
  return when(words.map((word) => JSON.stringify(word)).join(" or "), (value) => words.includes(value));
}

export function whole(least = 0, most = MOST): Form {
  return when(
    least === 0 && most === MOST ? "a whole number" : `a whole number from ${least} to ${most}`,
    (value) => Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= most,
  );
}

/** A number of the client's own: below 0 where the scheduler made it up. */
export const clientTask = whole(-MOST);

export const finite = when("a number", Number.isFinite);
export const amount = when("a number of at least 0", (value) => typeof value === "number" && value >= 0);
export const measured = when(
  "a finite number of at least 0",
  (value) => Number.isFinite(value) && (value as number) >= 0,
);

export function text(most = MOST_TEXT): Form {
  return when(
    most === MOST_TEXT ? "a text" : `a text of at most ${most} characters`,
    (value) => typeof value === "string" && value.length <= most,
  );
}

/** Names, keys, addresses. */
export const name = text(4096);

export function perhaps(form: Form): Form {
  return (value) => (value === undefined ? undefined : form(value));
}

export function list(item: Form, most = MOST_ITEMS): Form {
  const complain = mustBe("a list");
  return (value) => {
    if (!Array.isArray(value)) return complain(value);
    if (value.length > most) return ` has ${value.length} items, and ${most} are allowed`;
    if (item === anything) return undefined;
    for (let i = 0; i < value.length; i++) {
      const why = item(value[i]);
      if (why !== undefined) return `[${i}]${why}`;
    }
    return undefined;
  };
}

/** Items that stand beside one another, several forms in turn. */
export function groups(...forms: readonly Form[]): Form {
  const isList = list(anything);
  return (value) => {
    const why = isList(value);
    if (why !== undefined) return why;
    const items = value as readonly unknown[];
    if (items.length % forms.length !== 0) return ` has ${items.length} items, which are not ${forms.length} each`;
    for (let i = 0; i < items.length; i++) {
      const wrong = (forms[i % forms.length] as Form)(items[i]);
      if (wrong !== undefined) return `[${i}]${wrong}`;
    }
    return undefined;
  };
}

export type Fields<T> = { readonly [K in keyof T]-?: Form };

/** An object with these fields and no others. */
export function fields<T>(forms: Fields<T>): Form {
  const complain = mustBe("an object");
  const all = Object.entries<Form>(forms);
  return (value) => {
    if (!isObject(value)) return complain(value);
    for (const [field, form] of all) {
      const why = form(Object.hasOwn(value, field) ? value[field] : undefined);
      if (why !== undefined) return `.${field}${why}`;
    }
    for (const field of Object.keys(value)) if (!Object.hasOwn(forms, field)) return ` has no field ${brief(field)}`;
    return undefined;
  };
}

/** An object of whatever fields, each of the same form. */
export function record(item: Form, most = 10_000): Form {
  const complain = mustBe("an object");
  return (value) => {
    if (!isObject(value)) return complain(value);
    const entries = Object.entries(value);
    if (entries.length > most) return ` has ${entries.length} fields, and ${most} are allowed`;
    for (const [field, each] of entries) {
      const why = item(each);
      if (why !== undefined) return `.${field.slice(0, 40)}${why}`;
    }
    return undefined;
  };
}

/** First this, then that, which may rely on the first. */
export function both<T>(first: Form, then: (value: T) => string | undefined): Form {
  return (value) => first(value) ?? then(value as T);
}

/** One of several kinds of objects, told apart by `type`. */
export function kinds<K extends string>(forms: { readonly [type in K]: Form }): Form {
  const complain = mustBe("an object");
  return (value) => {
    if (!isObject(value)) return complain(value);
    const type = Object.hasOwn(value, "type") ? value["type"] : undefined;
    if (typeof type !== "string" || !Object.hasOwn(forms, type))
      return `.type is no word of the protocol: ${brief(type)}`;
    const why = forms[type as K](value);
    return why === undefined ? undefined : `(${type})${why}`;
  };
}

/** @throws {@link ProtocolError} that names what is wrong in `what`, and where. */
export function demand(form: Form, value: unknown, what: string): void {
  const why = form(value);
  if (why !== undefined) throw new ProtocolError(`${what}${why}`);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
