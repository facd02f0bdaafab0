/** While somebody helps: how it goes, what he has done, and who else there is; with what pauses and stops it. */
import { Bar, Card, Notice } from "../shared/page.tsx";
import type { Entry, Standing } from "../shared/standing.ts";
import { count, duration, size } from "../shared/words.ts";
import type { Help } from "./help.ts";
import type { Settings } from "./settings.ts";

export function AtWork({ help, settings }: { readonly help: Help; readonly settings: Settings }) {
  return (
    <div class="at-work">
      <Status help={help} settings={settings} />
      <Contribution help={help} />
      <Board standing={help.standing} id={help.id} />
    </div>
  );
}

function Status({ help, settings }: { readonly help: Help; readonly settings: Settings }) {
  const { phase, trouble, retrying, pause } = help;
  return (
    <Card title={settings.name || "You"} id="status" aside={<i class="dot" style={{ background: settings.colour }} />}>
      <p class="doing" role="status">
        {describe(help, settings)}
      </p>
      {trouble !== undefined && <Notice trouble={trouble} />}
      <div class="buttons">
        {phase === "helping" && (
          <button type="button" onClick={() => help.setPaused(!help.isPausedByUser)}>
            {help.isPausedByUser ? "Go on" : "Pause"}
          </button>
        )}
        {phase === "waiting" && (
          <button type="button" onClick={() => retrying.now()}>
            Try now
          </button>
        )}
        <button type="button" class="stop" onClick={() => void help.stop()}>
          {phase === "leaving" ? "Stop at once" : "Stop"}
        </button>
      </div>
      {(pause === "battery" || pause === "data") && (
        <p class="faint">
          You have chosen to pause {pause === "battery" ? "on battery" : "while data is to be saved"}. It goes on by
          itself.
        </p>
      )}
      <Jobs standing={help.standing} />
    </Card>
  );
}

function describe({ phase, pause, stats, retrying }: Help, { cores, cpuShare }: Settings): string {
  if (phase === "joining") return "Joining the room…";
  if (phase === "leaving") return "Finishing what has begun, then leaving…";
  if (phase === "waiting") return `Next attempt in ${count(retrying.secondsLeft ?? 0, "second")}.`;
  if (stats?.status === "away") return "The room is not heard of at the moment. It is tried again and again.";
  if (pause !== undefined) return pause === "you" ? "Paused." : "Paused to spare this machine.";
  const share = cpuShare < 1 ? `, ${Math.round(cpuShare * 100)} % of the time` : "";
  return `Helping with ${count(stats?.nWorkers ?? cores, "core")}${share}.`;
}

function Jobs({ standing }: { readonly standing: Standing | undefined }) {
  if (standing === undefined || standing.jobs.length === 0)
    return <p class="faint jobs">Nothing is being computed in the room at the moment.</p>;
  return (
    <ul class="jobs">
      {standing.jobs.map(({ title, done, total }, i) => (
        <li key={i}>
          <span>{title}</span>
          <Bar value={total > 0 ? done / total : 0} label={`${title}: done`} />
        </li>
      ))}
    </ul>
  );
}

function Contribution({ help }: { readonly help: Help }) {
  const { stats, done, standing, id } = help;
  const mine = standing?.entries.find(({ hosts }) => id !== undefined && hosts.includes(id));
  const figures: readonly (readonly [string, string])[] = [
    ["parts accepted", Math.round(mine?.parts ?? 0).toLocaleString("en")],
    ["tasks done", (stats?.tasksDone ?? 0).toLocaleString("en")],
    ["of computing", spent(stats?.busyMs ?? 0)],
    ["sent and received", size((stats?.sentBytes ?? 0) + (stats?.receivedBytes ?? 0))],
  ];
  return (
    <Card title="Your part" id="contribution">
      <ul class="numbers">
        {figures.map(([what, figure]) => (
          <li key={what}>
            <b>{figure}</b>
            <small>{what}</small>
          </li>
        ))}
      </ul>
      <p class="faint">
        On all visits: {count(done.tasks, "task")}, {spent(done.milliseconds)} of computing.
      </p>
    </Card>
  );
}

/** Time that is gone by: less than a second is none yet. */
function spent(milliseconds: number): string {
  return milliseconds < 1000 ? "0 s" : duration(milliseconds / 1000);
}

/** Those who come first are shown, and whoever looks. */
const MOST_SHOWN = 10;

function Board({ standing, id }: { readonly standing: Standing | undefined; readonly id: string | undefined }) {
  const entries = standing?.entries ?? [];
  const all = entries.reduce((sum, { parts }) => sum + parts, 0);
  const ranked = entries.map((entry, i) => ({
    entry,
    rank: i + 1,
    isMine: id !== undefined && entry.hosts.includes(id),
  }));
  const shown = ranked.filter(({ rank, isMine }) => rank <= MOST_SHOWN || isMine);
  return (
    <Card title="Who helps" id="board" aside={<span class="faint">accepted parts</span>}>
      {entries.length === 0 && <p class="faint">Nobody has done anything yet.</p>}
      <ol class="helpers board-list">
        {shown.map(({ entry, rank, isMine }) => (
          <Row key={rank} entry={entry} rank={rank} share={all > 0 ? entry.parts / all : 0} isMine={isMine} />
        ))}
      </ol>
    </Card>
  );
}

function Row({
  entry: { name, colour, parts },
  rank,
  share,
  isMine,
}: {
  readonly entry: Entry;
  readonly rank: number;
  readonly share: number;
  readonly isMine: boolean;
}) {
  return (
    <li value={rank} class={isMine ? "mine" : undefined}>
      <i class="dot" style={{ background: colour }} />
      <span class="who">
        {name}
        {isMine && <small>you</small>}
      </span>
      <span class="share" role="img" aria-label={`${Math.round(share * 100)} % of all that is done`}>
        <span class="meter" style={{ width: `${Math.round(share * 100)}%`, background: colour }} />
      </span>
      <span class="number">{Math.round(parts).toLocaleString("en")}</span>
    </li>
  );
}
