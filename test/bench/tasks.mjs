/**
 * The bodies every system runs, to the letter.
 *
 * Each stands alone and takes two arguments, because some systems ship a function as its source text.
 */

export function add(a, b) {
  return a + b;
}

/** Reads 1,000 numbers of a large array: proves that it is there, and costs next to nothing. */
export function sumAt(array, index) {
  const start = (index * 1000) % (array.length - 1000);
  let sum = 0;
  for (let at = start; at < start + 1000; at++) sum += array[at];
  return sum;
}

/**
 * A fixed amount of arithmetic, and the milliseconds it took.
 *
 * The amount is fixed rather than the time: a task that spins until a deadline would hide that it was
 * interrupted. The last bit of the result rides in the answer so that no compiler can drop the loop.
 */
export function spin(rounds, seed) {
  const start = performance.now();
  let state = seed | 0;
  for (let round = 0; round < rounds; round++) {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
  }
  return performance.now() - start + (state & 1) * 1e-9;
}

export function bytes(length, value) {
  return new Uint8Array(length).fill(value);
}
