/** Colours for people: far apart for those who come one after the other, and legible on light and dark. */

const TURN = 137.508; // The golden angle, in degrees.

/** The colour of the nth who came without one. */
export function colourOf(nth: number): string {
  return `hsl(${Math.round((160 + nth * TURN) % 360)} 65% ${nth % 2 === 0 ? 48 : 58}%)`;
}

/** What people choose from, with the names of colours. Each stands out from white and from black. */
export const COLOURS: Readonly<Record<string, string>> = {
  red: "#d9483b",
  orange: "#d9731a",
  gold: "#b58900",
  green: "#3f9142",
  teal: "#1f8f86",
  blue: "#3b7dd8",
  violet: "#7d5fd3",
  pink: "#c8509b",
};

/** Whether it is a colour that may come from others: nothing that a style could be made to mean anything else by. */
export function isColour(value: unknown): value is string {
  return typeof value === "string" && /^(#[0-9a-f]{6}|hsl\(\d{1,3} \d{1,3}% \d{1,3}%\))$/i.test(value);
}

/** From 0 to 1, along a scale whose lightness grows evenly: so that it can be read without telling its colours apart. */
export function heat(value: number): readonly [number, number, number] {
  const at = Math.min(1, Math.max(0, value)) * (SCALE.length - 1);
  const low = SCALE[Math.floor(at)] as Rgb;
  const high = SCALE[Math.ceil(at)] as Rgb;
  const part = at - Math.floor(at);
  return [0, 1, 2].map((i) => Math.round((low[i] ?? 0) * (1 - part) + (high[i] ?? 0) * part)) as unknown as Rgb;
}

type Rgb = readonly [number, number, number];

/** Points of the scale "viridis" by Stéfan van der Walt and Nathaniel Smith. */
const SCALE: readonly Rgb[] = [
  [68, 1, 84],
  [71, 44, 122],
  [59, 81, 139],
  [44, 113, 142],
  [33, 144, 141],
  [39, 173, 129],
  [92, 200, 99],
  [170, 220, 50],
  [253, 231, 37],
];
