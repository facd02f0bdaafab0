/** The organiser's page: opens a room, has jobs done there, and shows who does them. */
import { render } from "preact";
import { useEffect, useState } from "preact/hooks";
import { NewJob } from "./organiser/new-job.tsx";
import { Helpers } from "./organiser/people.tsx";
import { jobsLeft, serverToken, siteBefore } from "./organiser/reopening.ts";
import { Room } from "./organiser/room.ts";
import { RunCard } from "./organiser/runs.tsx";
import { Share } from "./organiser/share.tsx";
import { useChanges } from "./shared/changes.ts";
import { Head, Notice, Title } from "./shared/page.tsx";
import { count } from "./shared/words.ts";

const room = new Room();
/** Whoever came by the address that the server has told in its terminal may use its scheduler. */
const token = serverToken();

function Organiser() {
  useChanges(room);
  return (
    <>
      <Head at="organise" />
      {room.isOpen ? <OpenRoom /> : <ClosedRoom />}
    </>
  );
}

function ClosedRoom() {
  const cores = navigator.hardwareConcurrency || 2;
  const [own, setOwn] = useState(Math.max(1, cores - 1));
  const [isServed, serve] = useState(token !== "");
  const [left, know] = useState(0);
  useEffect(() => void jobsLeft().then(know), []);
  return (
    <main class="welcome">
      <Title>Many hands make light work</Title>
      {room.trouble !== undefined && <Notice trouble={room.trouble} />}
      <p>
        Open a room, choose something to compute, and watch it come together part by part: on the cores of this machine,
        and on those of everybody whom you give the link.
      </p>
      {token !== "" && (
        <fieldset class="kinds">
          <legend class="sr-only">Where the room is</legend>
          <label class="kind">
            <input type="radio" name="site" checked={isServed} onChange={() => serve(true)} />
            <span>
              <strong>At the server of this page</strong>
              <small>
                On its threads and those of all who come. It goes on without this page, and needs no WebRTC.
              </small>
            </span>
          </label>
          <label class="kind">
            <input type="radio" name="site" checked={!isServed} onChange={() => serve(false)} />
            <span>
              <strong>In this page</strong>
              <small>On threads of this browser, and those of all who come. Your browsers talk to each other.</small>
            </span>
          </label>
        </fieldset>
      )}
      {!isServed && (
        <label class="range">
          <span>
            Threads of this page: <output>{`${own} of ${cores}`}</output>
          </span>
          <input
            type="range"
            min={1}
            max={cores}
            value={own}
            aria-valuetext={count(own, "thread")}
            onInput={({ currentTarget }) => setOwn(Number(currentTarget.value))}
          />
        </label>
      )}
      <button
        class="main"
        type="button"
        onClick={() => room.open(isServed ? { threads: 0, token } : { threads: own, token: "" })}
      >
        Open a room
      </button>
      {left > 0 && (
        <p role="status">
          {count(left, "job")} {left === 1 ? "was" : "were"} under way here when the page was closed. Open the room, and{" "}
          {left === 1 ? "it goes" : "they go"} on.
        </p>
      )}
      <p class="faint">
        Nothing is stored anywhere but {isServed ? "at the server" : "in this browser"}. What is computed goes to those
        who help, and to nobody else.
      </p>
    </main>
  );
}

function OpenRoom() {
  const active = room.runs.filter((run) => !run.isOver).length;
  return (
    <main class="board">
      <Title isHidden>The room</Title>
      <div class="column">
        <NewJob onBegin={(plan) => room.begin(plan)} />
      </div>
      <div class="column wide">
        {room.runs.length === 0 ? (
          <p class="empty">Nothing is being done yet. Choose something, and watch it come together here.</p>
        ) : (
          room.runs.map((run) => <RunCard key={run.id} run={run} room={room} />)
        )}
      </div>
      <div class="column">
        {room.trouble !== undefined && <Notice trouble={room.trouble} />}
        <Helpers room={room} />
        <Share door={room.door} />
        <div class="buttons">
          <button
            type="button"
            onClick={() => {
              if (room.runs.length === 0 || confirm(`${lossOf(active)} Close the room?`)) void room.close();
            }}
          >
            Close the room
          </button>
        </div>
        {room.client !== undefined && (
          <p class="faint">
            {room.isServed
              ? "Jobs go on at the server, whatever becomes of this page; what was not submitted yet, when it is open again."
              : room.isDurable
                ? "Jobs go on after this page was reloaded, or closed and opened again."
                : "Jobs end with this page: another one has the room's memory, or the browser keeps none. It does over https: and on this machine."}
          </p>
        )}
      </div>
    </main>
  );
}

function lossOf(active: number): string {
  if (active > 0) return `${count(active, "job")} will be cancelled.`;
  return "What was computed, and not saved, will be gone.";
}

const before = siteBefore();
if (before !== undefined) room.open(before);
render(<Organiser />, document.getElementById("page") as HTMLElement);
