/** The jobs on their way and those that are done: how far each is, what comes of it, and what can be done about it. */
import { useEffect } from "preact/hooks";
import { Bar, Card, catchFocus, Notice } from "../shared/page.tsx";
import { save } from "../shared/save.ts";
import { count, duration, explain, roughly } from "../shared/words.ts";
import type { OwnJob } from "./own-job.ts";
import { HeatMap, paintTile, Rendering, Results } from "./pictures.tsx";
import type { RenderJob } from "./render-job.ts";
import type { Room } from "./room.ts";
import type { AnyRun } from "./run.ts";
import type { SweepJob } from "./sweep-job.ts";

/** Told apart by their names. */
type AnyJob = RenderJob | SweepJob | OwnJob;

export function RunCard({ run, room }: { readonly run: AnyRun; readonly room: Room }) {
  const { done, total, state } = run;
  const job = run.job as AnyJob;
  const id = `run-${run.id}`;
  useEffect(() => catchFocus(document.getElementById(id)), [id, run.isOver]);
  return (
    <Card title={job.title} id={id} aside={<State title={job.title} state={state} />}>
      {job.name === "render" && <Rendering job={job} run={run} room={room} />}
      {job.name === "sweep" && <HeatMap job={job} />}
      {job.name === "own" && <Results job={job} run={run} room={room} />}
      <Bar value={total === 0 ? 1 : done / total} label={`${job.title}: done`} />
      <p class="figures" aria-live="off">
        <span>
          <b>{done}</b> of {count(total, "part")}
        </span>
        {state === "running" && run.rate > 0 && <span>{roughly(run.rate)} a second</span>}
        {state === "running" && run.secondsLeft !== undefined && <span>{duration(run.secondsLeft)} to go</span>}
        {run.isOver && <span>in {duration(run.elapsedMs / 1000)}</span>}
      </p>
      <div class="buttons">
        {!run.isOver && (
          <>
            <button type="button" onClick={() => (state === "paused" ? run.resume() : run.pause())}>
              {state === "paused" ? "Go on" : "Pause"}
            </button>
            <button type="button" onClick={() => run.cancel()}>
              Cancel
            </button>
            <label class="inline">
              Priority
              <select value={run.priority} onChange={({ currentTarget }) => run.prefer(Number(currentTarget.value))}>
                <option value={10}>high</option>
                <option value={0}>normal</option>
                <option value={-10}>low</option>
              </select>
            </label>
          </>
        )}
        <SaveButtons job={job} isOver={run.isOver} />
        {run.isOver && (
          <button type="button" onClick={() => room.putAway(run)}>
            Put away
          </button>
        )}
      </div>
      {run.error !== undefined && <Notice trouble={explain(run.error)} />}
    </Card>
  );
}

function State({ title, state }: { readonly title: string; readonly state: string }) {
  return (
    <span class={`state ${state}`} role="status">
      <span class="sr-only">{title}: </span>
      {state}
    </span>
  );
}

function SaveButtons({ job, isOver }: { readonly job: AnyJob; readonly isOver: boolean }) {
  if (!isOver) return null;
  const button = (text: string, act: () => void) => (
    <button type="button" onClick={act}>
      {text}
    </button>
  );
  if (job.name === "render") return button("Save the picture (PNG)", () => savePicture(job));
  if (job.name === "sweep")
    return button("Save the figures (CSV)", () => save("sweep.csv", new Blob([job.toCsv()], { type: "text/csv" })));
  if (job.name === "own")
    return button("Save the results (JSON)", () =>
      save("results.json", new Blob([job.toJson()], { type: "application/json" })),
    );
  return null;
}

/** Drawn again, without the edges of tiles. */
function savePicture(job: RenderJob): void {
  const { width, height } = job.scene;
  const canvas = Object.assign(document.createElement("canvas"), { width, height });
  const pen = canvas.getContext("2d");
  if (pen === null) return;
  for (const print of job.prints) if (print !== undefined) paintTile(pen, print, undefined);
  canvas.toBlob((png) => {
    if (png !== null) save("picture.png", png);
  }, "image/png");
}
