// @ts-check

/** The user's mistake, told in one line. */
export class BadInput extends Error {
  /** @override */
  name = "BadInput";
}
