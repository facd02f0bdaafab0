/** What numbers and failures are called where people read them. */

/** A time to come or gone by, roughly. */
export function duration(seconds: number): string {
  if (seconds < 1) return "a moment";
  if (seconds < 90) return `${Math.round(seconds)} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 90 ? `${minutes} min` : `${(seconds / 3600).toFixed(1)} h`;
}

export function count(n: number, one: string, many = `${one}s`): string {
  return `${n.toLocaleString("en")} ${n === 1 ? one : many}`;
}

/** Two or three digits. */
export function roughly(n: number): string {
  return n >= 100 ? Math.round(n).toLocaleString("en") : n >= 10 ? n.toFixed(1) : n.toFixed(2);
}

export interface Trouble {
  readonly title: string;
  readonly advice: string;
}

/** What went wrong, and what to do about it, in words for somebody who has not written this. */
export function explain(error: unknown): Trouble {
  const { name, message } = error instanceof Error ? error : new Error(String(error));
  if (name === "RangeError" && /memory|allocation/i.test(message))
    return { title: "There is not enough memory", advice: "Close other pages, or choose something smaller." };
  return { title: "That did not work", advice: message };
}
