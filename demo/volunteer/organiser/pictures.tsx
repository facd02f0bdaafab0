/** What comes of jobs, as pictures that grow: the rendered one tile by tile, the heat map patch by patch, the list line by line. */
import { useEffect, useRef, useState } from "preact/hooks";
import type { Print } from "../../render/trace.mjs";
import { heat } from "../shared/colour.ts";
import { roughly } from "../shared/words.ts";
import type { OwnJob } from "./own-job.ts";
import type { RenderJob } from "./render-job.ts";
import type { Room } from "./room.ts";
import type { AnyRun } from "./run.ts";
import { SWEEP, type SweepJob } from "./sweep-job.ts";

/** The rendered picture. While it grows, each tile has an edge in the colour of whoever it came from. */
export function Rendering({
  job,
  run: { makers, state },
  room,
}: {
  readonly job: RenderJob;
  readonly run: AnyRun;
  readonly room: Room;
}) {
  const isOver = state === "finished";
  const canvas = useRef<HTMLCanvasElement>(null);
  const { width, height } = job.scene;
  useEffect(() => {
    const pen = canvas.current?.getContext("2d");
    if (pen === null || pen === undefined) return;
    pen.clearRect(0, 0, width, height);
    const paint = (print: Print, index: number) =>
      paintTile(pen, print, isOver ? undefined : room.helpers.colourOfWorker(makers[index]));
    for (const [i, print] of job.prints.entries()) if (print !== undefined) paint(print, i);
    job.onPrint = paint;
    return () => {
      job.onPrint = () => {};
    };
  }, [job, room, makers, isOver, width, height]);
  return (
    <canvas
      ref={canvas}
      class="picture"
      width={width}
      height={height}
      style={{ aspectRatio: `${width} / ${height}` }}
      role="img"
      aria-label={`${job.title}, as far as it is drawn`}
    />
  );
}

export function paintTile(
  pen: CanvasRenderingContext2D,
  { x, y, width, height, pixels }: Print,
  edge: string | undefined,
): void {
  const image = pen.createImageData(width, height);
  for (let i = 0, j = 0; j < pixels.length; i += 4, j += 3) {
    image.data.set(pixels.subarray(j, j + 3), i);
    image.data[i + 3] = 255;
  }
  pen.putImageData(image, x, y);
  if (edge === undefined) return;
  pen.strokeStyle = edge;
  pen.lineWidth = 2;
  pen.strokeRect(x + 1, y + 1, width - 2, height - 2);
}

export function HeatMap({ job }: { readonly job: SweepJob }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [at, point] = useState<readonly [number, number] | undefined>();
  const { columns, rows, shares } = job;
  useEffect(() => {
    const pen = canvas.current?.getContext("2d");
    if (pen === null || pen === undefined) return;
    const paint = (row: number, column: number) => {
      const share = shares[row * columns + column] ?? Number.NaN;
      if (Number.isNaN(share)) return;
      pen.fillStyle = `rgb(${heat(share).join(" ")})`;
      pen.fillRect(column, rows - 1 - row, 1, 1);
    };
    for (let row = 0; row < rows; row++) for (let column = 0; column < columns; column++) paint(row, column);
    job.onPatch = ({ row, column, pairs }) => pairs.forEach((_, i) => void paint(row, column + i));
    return () => {
      job.onPatch = () => {};
    };
  }, [job, columns, rows, shares]);
  const share = at === undefined ? Number.NaN : (shares[at[1] * columns + at[0]] ?? Number.NaN);
  const [days, contagion] = at === undefined ? [0, 0] : job.pairAt(at[0], at[1]);
  return (
    <figure class="map">
      <canvas
        ref={canvas}
        class="picture pixels"
        width={columns}
        height={rows}
        style={{ aspectRatio: `${columns} / ${rows}` }}
        role="img"
        aria-label="How many fell ill, by the length of the illness and its contagion"
        onPointerMove={({ offsetX, offsetY, currentTarget: { clientWidth, clientHeight } }) =>
          point([
            Math.min(columns - 1, Math.floor((offsetX / clientWidth) * columns)),
            Math.max(0, rows - 1 - Math.floor((offsetY / clientHeight) * rows)),
          ])
        }
        onPointerLeave={() => point(undefined)}
      />
      <figcaption>
        <span>
          Days ill: {SWEEP.days[0]} to {SWEEP.days[1]} (across). Infected by each: {SWEEP.contagion[0]} to{" "}
          {SWEEP.contagion[1]} (up).
        </span>
        <span class="scale" aria-hidden="true">
          0 % <i /> 100 %
        </span>
        <output>
          {Number.isNaN(share)
            ? "Point at the map for a figure."
            : `${roughly(days ?? 0)} days, ${roughly(contagion ?? 0)} infected by each: ${Math.round(share * 100)} % fall ill`}
        </output>
      </figcaption>
    </figure>
  );
}

/** So many lines are shown; all are in the file that can be saved. */
const MOST_LINES = 200;

export function Results({ job, run, room }: { readonly job: OwnJob; readonly run: AnyRun; readonly room: Room }) {
  const show = (value: unknown) => (typeof value === "string" ? value : (JSON.stringify(value) ?? String(value)));
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached with the keyboard
    <section class="results" tabIndex={0} aria-label="Results">
      <table>
        <thead>
          <tr>
            <th scope="col">Item</th>
            <th scope="col">Result</th>
            <th scope="col">By</th>
          </tr>
        </thead>
        <tbody>
          {job.parts.slice(0, MOST_LINES).map((line, index) => {
            const outcome = job.outcomes[index];
            const maker = run.makers[index];
            return (
              <tr key={index}>
                <td>{typeof line === "string" ? line : Object.values(line).join(", ")}</td>
                {outcome === undefined ? (
                  <td class="faint">{run.isOver ? "–" : "…"}</td>
                ) : "error" in outcome ? (
                  <td class="bad">{outcome.error}</td>
                ) : (
                  <td>{show(outcome.value)}</td>
                )}
                <td>
                  {maker !== undefined && (
                    <>
                      <i class="dot" style={{ background: room.helpers.colourOfWorker(maker) }} />
                      {room.helpers.nameOfWorker(maker)}
                    </>
                  )}
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
      {job.parts.length > MOST_LINES && (
        <p class="faint">
          The first {MOST_LINES} of {job.parts.length} are shown.
        </p>
      )}
    </section>
  );
}
