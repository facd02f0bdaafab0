/** Who helps, and how much. */

import { Card } from "../shared/page.tsx";
import { count, roughly } from "../shared/words.ts";
import type { Helper, Room } from "./room.ts";

export function Helpers({ room }: { readonly room: Room }) {
  const helpers = [...room.helpers.values()].sort((a, b) => b.parts - a.parts || a.name.localeCompare(b.name));
  const all = helpers.reduce((sum, { parts }) => sum + parts, 0);
  const here = helpers.filter(({ isHere }) => isHere);
  return (
    <Card
      title="Who helps"
      id="helpers"
      aside={
        <span class="faint">
          {count(here.length, "helper")}, {count(room.threads, "thread")}
        </span>
      }
    >
      <ol class="helpers">
        {helpers.map((helper) => (
          <HelperRow key={helper.id} helper={helper} all={all} />
        ))}
      </ol>
    </Card>
  );
}

function HelperRow({ helper, all }: { readonly helper: Helper; readonly all: number }) {
  const { name, colour, isHere, isPaused, threads, link, latencyMs, parts, rate } = helper;
  const health = !isHere ? "gone" : isPaused ? "paused" : "well";
  const share = all > 0 ? parts / all : 0;
  return (
    <li class={isHere ? undefined : "faint"}>
      <i class="dot" style={{ background: colour }} />
      <span class="who">
        {name}
        <small>
          {isHere ? `${count(threads, "thread")}, ` : ""}
          {health}
          {link !== undefined && link !== "local" && `, ${link}`}
          {latencyMs !== undefined && latencyMs > 0 && `, ${roughly(latencyMs)} ms`}
        </small>
      </span>
      <span class="share">
        <span class="meter" style={{ width: `${Math.round(share * 100)}%`, background: colour }} />
      </span>
      <span class="number">
        {Math.round(parts).toLocaleString("en")}
        <small>{rate > 0 ? `${roughly(rate)}/s` : "–"}</small>
      </span>
    </li>
  );
}
