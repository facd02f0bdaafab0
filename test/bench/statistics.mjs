/** Order statistics of small samples. */

export function quantile(numbers, share) {
  const sorted = Float64Array.from(numbers).sort();
  if (sorted.length === 0) return Number.NaN;
  const place = (sorted.length - 1) * share;
  const below = sorted[Math.floor(place)];
  const above = sorted[Math.ceil(place)];
  return below + (above - below) * (place - Math.floor(place));
}

export function median(numbers) {
  return quantile(numbers, 0.5);
}

/** The mean of the middle half: outliers do not count, and it needs fewer numbers than the median to be as exact. */
export function midmean(numbers) {
  const sorted = Float64Array.from(numbers).sort();
  const cut = Math.floor(sorted.length / 4);
  return mean(sorted.subarray(cut, sorted.length - cut));
}

/** By how much that differs from the true one by chance: twice its standard error (https://en.wikipedia.org/wiki/Truncated_mean, Yuen 1974). */
export function midmeanChance(numbers) {
  const sorted = Float64Array.from(numbers).sort();
  const cut = Math.floor(sorted.length / 4);
  const kept = sorted.length - 2 * cut;
  const winsorized = sorted.map((_, i) => sorted[Math.min(Math.max(i, cut), sorted.length - cut - 1)]);
  const middle = mean(winsorized);
  const squares = winsorized.reduce((sum, each) => sum + (each - middle) ** 2, 0);
  return 2 * Math.sqrt(squares / (kept * (kept - 1)));
}

function mean(numbers) {
  return numbers.reduce((sum, each) => sum + each, 0) / numbers.length;
}
