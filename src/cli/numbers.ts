/** Options that are numbers. */

import { UsageError } from "./command.ts";

export function wholeNumber(name: string, text: string, least: number): number {
  const value = Number(text);
  if (text.trim() !== "" && Number.isSafeInteger(value) && value >= least) return value;
  throw new UsageError(`--${name} must be a whole number of at least ${least}, not "${text}"`);
}

export function share(name: string, text: string): number {
  const value = Number(text);
  if (text.trim() !== "" && value > 0 && value <= 1) return value;
  throw new UsageError(`--${name} must be more than 0 and at most 1, not "${text}"`);
}

/** `gpu=1,disk=2` */
export function amounts(name: string, texts: readonly string[]): Record<string, number> {
  const found: Record<string, number> = {};
  for (const text of texts.flatMap((each) => each.split(","))) {
    const [kind, amount, ...more] = text.split("=");
    const value = Number(amount);
    if (!kind || !amount || more.length > 0 || !(value >= 0))
      throw new UsageError(`--${name} takes kind=amount, not "${text}"`);
    found[kind] = value;
  }
  return found;
}
