// @ts-check
/** `npm start`: a picture of a mesh, path-traced by a cluster of this machine's threads. */
import { asCompleted, Client } from "manyhands";
import { BadInput } from "./bad-input.mjs";
import { measureOneThread } from "./baseline.mjs";
import { readMeshFile } from "./mesh-file.mjs";
import { HELP, readOptions } from "./options.mjs";
import { servePages } from "./pages.mjs";
import { Picture } from "./picture.mjs";
import { createScene } from "./scene.mjs";
import { submitPicture } from "./submit.mjs";
import { createDisplay, formatSeconds } from "./terminal.mjs";
import { cutTiles } from "./tiles.mjs";

/** @typedef {import("./options.mjs").Options} Options */
/** @typedef {import("./scene.mjs").Scene} Scene */
/** @typedef {import("./trace.mjs").Print} Print */

/** @param {string[]} args */
async function main(args) {
  const options = readOptions(args);
  if (options.help) {
    console.log(HELP);
    return;
  }
  const pages = options.serve ? await servePages(options) : undefined;
  for (const url of pages?.urls ?? []) console.log(`pages     ${url}`);
  await draw(options);
  if (pages === undefined) return;
  console.log(
    `\nThe pages stay until Ctrl+C: have pictures drawn there by all who open your link, and try things out.`,
  );
  await pages.ended;
}

/** @param {Options} options */
async function draw(options) {
  const file = options.mesh === undefined ? undefined : await readMeshFile(options.mesh);
  const scene = await createScene(options, file);
  console.log(describeWork(options, scene));
  const picture = new Picture(options);
  const { prints, taskCount, seconds } = await render(options, scene, picture);
  await picture.write(options.out);

  const paths = (options.width * options.height * options.samples) / 1e6;
  const rates = `${Math.round(taskCount / seconds)} tasks/s, ${(paths / seconds).toFixed(2)} million light paths/s`;
  console.log(`picture   ${options.out}`);
  console.log(`time      ${formatSeconds(seconds)} on ${count(options.workers, "worker")}: ${rates}`);
  if (options.baseline === "none") return;
  const alone = measureOneThread(scene, prints, options.baseline);
  const factor = (alone.seconds / seconds).toFixed(2);
  const source = options.baseline === "all" ? "measured" : `estimated from ${alone.measured} of ${prints.length} tiles`;
  console.log(`speed-up  ${factor}× over one thread, which takes ${formatSeconds(alone.seconds)} (${source})`);
}

/**
 * Starts a cluster, has the picture painted, and closes the cluster.
 *
 * @param {Options} options
 * @param {Scene} scene
 * @param {Picture} picture
 * @returns {Promise<{ prints: Print[], taskCount: number, seconds: number }>}
 */
async function render(options, scene, picture) {
  const start = performance.now();
  const client = new Client({ nWorkers: options.workers });
  const tiles = cutTiles(options);
  const display = createDisplay(process.stdout, picture, tiles.length * options.passes);
  try {
    const wantGlimpses = process.stdout.isTTY === true;
    const { exposures, glimpses, prints, taskCount } = submitPicture(client, scene, tiles, { wantGlimpses });
    /** @type {Map<string, Print>} */
    const painted = new Map();

    const countExposures = async () => {
      let done = 0;
      for await (const exposure of asCompleted(exposures)) {
        display.progressed(++done);
        exposure.release(); // The sums that need it keep it; here nobody will ask for it.
      }
    };
    /** @param {import("manyhands").Future<Print>[]} futures */
    const paint = async (futures) => {
      for await (const [, print] of asCompleted(futures, { withResults: true })) {
        const place = `${print.x},${print.y}`;
        if (print.block > (painted.get(place)?.block ?? Infinity)) continue; // A glimpse of what is already finished.
        painted.set(place, print);
        picture.paint(print);
        display.painted(print);
      }
    };
    await Promise.all([countExposures(), paint(glimpses), paint(prints)]);
    return { prints: [...painted.values()], taskCount, seconds: (performance.now() - start) / 1000 };
  } finally {
    display.end();
    await client.close();
  }
}

/**
 * @param {Options} options
 * @param {Scene} scene
 */
function describeWork({ mesh, width, height, samples, workers, tile, passes }, scene) {
  const triangles = (scene.mesh.position.length / 9).toLocaleString("en");
  const work = `${width}×${height}, ${count(samples, "sample")} a pixel`;
  const division = `tiles of ${tile}×${tile} in ${count(passes, "pass", "passes")}`;
  return `${mesh ?? "the Stanford bunny"}, ${triangles} triangles: ${work}, on ${count(workers, "worker")}, ${division}`;
}

/**
 * @param {number} n
 * @param {string} one
 * @param {string} [many]
 */
function count(n, one, many = `${one}s`) {
  return `${n} ${n === 1 ? one : many}`;
}

process.once("SIGINT", () => process.exit(130));
try {
  await main(process.argv.slice(2));
} catch (error) {
  const text = error instanceof BadInput ? error.message : /** @type {Error} */ (error).stack;
  process.stderr.write(`render: ${text}\n`);
  process.exitCode = 1;
}
