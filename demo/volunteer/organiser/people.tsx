/** Who helps, and how much. */

import { Card } from "../shared/page.tsx";
import { count, roughly } from "../shared/words.ts";
import type { Room } from "./room.ts";
import type { Helper } from "./who-helps.ts";

export function Helpers({ room }: { readonly room: Room }) {
  const helpers = room.helpers.list;
  const all = helpers.reduce((sum, { parts }) => sum + parts, 0);
  const here = helpers.filter(({ isHere }) => isHere);
  return (
    <Card
      title="Who helps"
      id="helpers"
      aside={
        <span class="faint" role="status">
          {count(here.length, "helper")}, {count(room.threads, "thread")}
        </span>
      }
    >
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached with the keyboard */}
      <ol class="helpers roll" tabIndex={0} aria-labelledby="helpers">
        {helpers.map((helper) => (
          <HelperRow key={helper.id} helper={helper} all={all} onSendAway={() => room.sendAway(helper)} />
        ))}
      </ol>
    </Card>
  );
}

function HelperRow({
  helper,
  all,
  onSendAway,
}: {
  readonly helper: Helper;
  readonly all: number;
  readonly onSendAway: () => void;
}) {
  const { name, colour, isSelf, isHere, parts, rate } = helper;
  const share = all > 0 ? parts / all : 0;
  return (
    <li class={isHere ? undefined : "gone"}>
      <i class="dot" style={{ background: colour }} />
      <span class="who">
        {name}
        <small>{describe(helper)}</small>
      </span>
      <span class="share" role="img" aria-label={`${Math.round(share * 100)} % of all that is done`}>
        <span class="meter" style={{ width: `${Math.round(share * 100)}%`, background: colour }} />
      </span>
      <span class="number">
        {Math.round(parts).toLocaleString("en")}
        <small>{rate > 0 ? `${roughly(rate)}/s` : "–"}</small>
      </span>
      {isHere && !isSelf ? (
        <button type="button" class="away" aria-label={`Send ${name} away`} title="Send away" onClick={onSendAway}>
          ×
        </button>
      ) : (
        <span />
      )}
    </li>
  );
}

/** How somebody fares, in a few words. */
function describe({ isHere, isPaused, isAway, isSelf, threads, cpuShare, link, latencyMs }: Helper): string {
  if (!isHere) return "gone";
  const words = [count(threads, "thread")];
  if (cpuShare < 1) words.push(`${Math.round(cpuShare * 100)} % of the time`);
  words.push(isAway ? "not heard of" : isPaused ? "paused" : "well");
  if (!isSelf) words.push(link);
  if (latencyMs !== undefined && latencyMs > 0) words.push(`${roughly(latencyMs)}\u00a0ms`);
  return words.join(", ");
}
