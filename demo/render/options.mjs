// @ts-check
/** What the command line asks for. */
import { statSync } from "node:fs";
import { availableParallelism } from "node:os";
import { dirname, resolve } from "node:path";
import { parseArgs } from "node:util";
import { BadInput } from "./bad-input.mjs";

export const HELP = `Path-traces a mesh on a cluster of worker threads and writes a PNG.

  npm start -- [options]

  --mesh <file>      an .obj or .glb file (default: the Stanford bunny)
  --size <WxH | W>   pixels; a single number is the width of a 4:3 picture (default: 640x480)
  --samples <n>      light paths per pixel; four times as many halve the noise (default: 16)
  --workers <n>      threads (default: one per core, here ${availableParallelism()})
  --out <file>       where the picture goes (default: render.png)
  --tile <n>         side of a tile in pixels (default: 80)
  --passes <n>       tasks per tile, which share its samples (default: one for every 4)
  --seed <n>         another pattern of noise (default: 1)
  --baseline <how>   time one thread on a "sample" of the tiles, on "all" of them, or on "none" (default: sample)
  --serve            serve the pages beside it, until Ctrl+C (the default in a terminal)
  --once             exit when the picture is written, and serve nothing (the default elsewhere)
  --host <address>   where the pages are served: 127.0.0.1 unless said; 0.0.0.0 lets in the whole network
  --port <n>         8080 unless said, or any that is free
  --help             this text
`.trimEnd();

/**
 * @typedef {object} Options
 * @property {boolean} help
 * @property {string | undefined} mesh
 * @property {number} width
 * @property {number} height
 * @property {number} samples
 * @property {number} workers
 * @property {string} out an absolute path
 * @property {number} tile
 * @property {number} passes
 * @property {number} seed
 * @property {"sample" | "all" | "none"} baseline
 * @property {boolean} serve
 * @property {string} host
 * @property {string | undefined} port
 */

/**
 * @param {string[]} args
 * @returns {Options}
 * @throws {BadInput} for an option that is unknown or makes no sense
 */
export function readOptions(args) {
  const values = parse(args);
  const [width, height] = readSize(values.size ?? "640x480");
  const samples = readNumber("samples", values.samples, { fallback: 16, most: 65_536 });
  const passes = readNumber("passes", values.passes, { fallback: Math.ceil(samples / 4), most: samples });
  return {
    help: values.help ?? false,
    mesh: values.mesh,
    width,
    height,
    samples,
    workers: readNumber("workers", values.workers, { fallback: availableParallelism(), most: 1024 }),
    out: readOut(values.out ?? "render.png"),
    tile: readNumber("tile", values.tile, { fallback: 80, most: 4096 }),
    passes,
    seed: readNumber("seed", values.seed, { fallback: 1, most: 2 ** 31 }),
    baseline: readBaseline(values.baseline ?? "sample"),
    serve: readServe(values),
    host: values.host ?? "127.0.0.1",
    port:
      values.port === undefined ? undefined : String(readNumber("port", values.port, { fallback: 0, most: 65_535 })),
  };
}

/** @param {string[]} args */
function parse(args) {
  const text = /** @type {const} */ ({ type: "string" });
  const flag = /** @type {const} */ ({ type: "boolean" });
  try {
    return parseArgs({
      args,
      options: {
        mesh: text,
        size: text,
        samples: text,
        workers: text,
        out: text,
        tile: text,
        passes: text,
        seed: text,
        baseline: text,
        once: flag,
        serve: flag,
        host: text,
        port: text,
        help: flag,
      },
    }).values;
  } catch (error) {
    const [firstSentence] = /** @type {Error} */ (error).message.split(/\.\s|\n/);
    throw new BadInput(`${firstSentence} (--help lists the options)`);
  }
}

/**
 * @param {string} name
 * @param {string | undefined} text
 * @param {{ fallback: number, most: number }} limits
 */
function readNumber(name, text, { fallback, most }) {
  if (text === undefined) return fallback;
  const number = Number(text);
  if (!/^\d+$/.test(text) || number < 1 || number > most) {
    throw new BadInput(`--${name} must be a whole number from 1 to ${most}, not "${text}"`);
  }
  return number;
}

/**
 * @param {string} text
 * @returns {[width: number, height: number]}
 */
function readSize(text) {
  const [, w, h] = /^(\d+)(?:[x×](\d+))?$/i.exec(text) ?? [];
  const width = Number(w);
  const height = h === undefined ? Math.max(1, Math.round(width * 0.75)) : Number(h);
  if (!(width >= 1 && height >= 1 && width <= 16_384 && height <= 16_384)) {
    throw new BadInput(`--size must look like 640x480, each side from 1 to 16384, not "${text}"`);
  }
  return [width, height];
}

/** @param {string} text */
function readOut(text) {
  const path = resolve(text);
  if (!/\.png$/i.test(path)) throw new BadInput(`--out must end in .png, not "${text}"`);
  // Found out now rather than when the picture is done.
  if (!statSync(dirname(path), { throwIfNoEntry: false })?.isDirectory())
    throw new BadInput(`--out: no such folder: ${dirname(path)}`);
  return path;
}

/** Whoever runs it in a terminal can look at pages, and end it; a script waits for its end. @param {{ once?: boolean, serve?: boolean }} values */
function readServe({ once, serve }) {
  if (once === true && serve === true) throw new BadInput("--once serves nothing: leave out that or --serve");
  return serve ?? (once !== true && process.stdin.isTTY === true && process.stdout.isTTY === true);
}

/** @param {string} text */
function readBaseline(text) {
  if (text === "sample" || text === "all" || text === "none") return text;
  throw new BadInput(`--baseline must be sample, all or none, not "${text}"`);
}
