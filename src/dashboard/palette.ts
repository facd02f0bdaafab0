/** Colours: one for each name, always the same, on light and on dark ground. */

export const TRANSFER = "#d9534f";
export const ERROR = "#c00000";

const cache = new Map<string, string>();

/** As `#rrggbb`. */
export function colourOf(name: string): string {
  let colour = cache.get(name);
  if (colour === undefined) {
    let hash = 0;
    for (let i = 0; i < name.length; i++) hash = (Math.imul(hash, 31) + name.charCodeAt(i)) >>> 0;
    // Steps of the golden angle keep names apart whose hashes are near; red is kept for what went wrong.
    const hue = 30 + ((hash * 137.508) % 300);
    colour = fromHsl(hue, 0.5 + ((hash >>> 8) % 3) * 0.1, 0.48 + ((hash >>> 12) % 3) * 0.07);
    cache.set(name, colour);
  }
  return colour;
}

function fromHsl(hue: number, saturation: number, lightness: number): string {
  const channel = (n: number) => {
    const k = (n + hue / 30) % 12;
    const value = lightness - saturation * Math.min(lightness, 1 - lightness) * Math.max(-1, Math.min(k - 3, 9 - k, 1));
    return Math.round(value * 255)
      .toString(16)
      .padStart(2, "0");
  };
  return `#${channel(0)}${channel(8)}${channel(4)}`;
}

/** The same as a pixel of an ImageData seen as 32-bit numbers. */
export function pixelOf(colour: string): number {
  const rgb = Number.parseInt(colour.slice(1), 16);
  return (0xff000000 | ((rgb & 0xff) << 16) | (rgb & 0xff00) | (rgb >> 16)) >>> 0;
}
