/** How many there are to be of something, as users say it, looked at before it goes anywhere. */

/** @throws RangeError unless `count` is a whole number from `least` on, or is left open. */
export function demandCount<N extends number | undefined>(what: string, count: N, least = 1): N {
  if (count === undefined || (Number.isInteger(count) && count >= least)) return count;
  throw new RangeError(`${what} must be a whole number of at least ${least}, not ${count}`);
}
