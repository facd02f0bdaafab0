/** Before it begins: what will run, for whom, what it may touch, and how much is lent. */
import { COLOURS } from "../shared/colour.ts";
import type { Invitation } from "../shared/invitation.ts";
import { Title } from "../shared/page.tsx";
import { count } from "../shared/words.ts";
import { mostCores, type Settings } from "./settings.ts";

export function Consent({
  invitation: { by, what, room, signaling },
  settings,
  onChange,
  onStart,
}: {
  readonly invitation: Invitation;
  readonly settings: Settings;
  readonly onChange: (settings: Settings) => void;
  readonly onStart: () => void;
}) {
  const choose = (part: Partial<Settings>) => onChange({ ...settings, ...part });
  return (
    <form
      class="card consent"
      onSubmit={(event) => {
        event.preventDefault();
        onStart();
      }}
    >
      <Title>{by === "" ? "Lend a hand" : `Lend ${by} a hand`}</Title>
      <dl class="facts">
        <dt>What will run</dt>
        <dd>
          {what === "" ? "Parts of whatever is computed in the room. You see which as soon as you are there." : what}
        </dd>
        <dt>For whom</dt>
        <dd>
          {by === "" ? "Whoever gave you the link" : `${by}, by their own account`}, in the room <b>{room}</b>, found by
          way of <code>{new URL(signaling).host}</code>
        </dd>
        <dt>What it may touch</dt>
        <dd>
          Nothing of yours. It runs in a box: no network, no files, no storage, not this page. It takes computing time
          while this page is open, and what it computes goes to the room.
        </dd>
      </dl>
      <label class="range">
        <span>
          Cores: <output>{`${settings.cores} of ${mostCores()}`}</output>
        </span>
        <input
          type="range"
          min={1}
          max={mostCores()}
          value={settings.cores}
          aria-valuetext={count(settings.cores, "core")}
          onInput={({ currentTarget }) => choose({ cores: Number(currentTarget.value) })}
        />
      </label>
      <label class="range">
        <span>
          Part of their time: <output>{Math.round(settings.cpuShare * 100)} %</output>
        </span>
        <input
          type="range"
          min={10}
          max={100}
          step={10}
          value={Math.round(settings.cpuShare * 100)}
          aria-valuetext={`${Math.round(settings.cpuShare * 100)} percent`}
          onInput={({ currentTarget }) => choose({ cpuShare: Number(currentTarget.value) / 100 })}
        />
      </label>
      <label class="check">
        <input
          type="checkbox"
          checked={settings.isSparing}
          onChange={({ currentTarget }) => choose({ isSparing: currentTarget.checked })}
        />
        <span>Pause on battery, and when data is to be saved (where the browser tells)</span>
      </label>
      <label class="name">
        Your name in the room
        <input
          type="text"
          maxLength={40}
          placeholder="somebody"
          autocomplete="nickname"
          value={settings.name}
          onInput={({ currentTarget }) => choose({ name: currentTarget.value })}
        />
      </label>
      <fieldset class="colours">
        <legend>Your colour</legend>
        {Object.entries(COLOURS).map(([name, colour]) => (
          <label key={name} title={name}>
            <input
              class="sr-only"
              type="radio"
              name="colour"
              checked={settings.colour === colour}
              onChange={() => choose({ colour })}
            />
            <span class="swatch" style={{ background: colour }} />
            <span class="sr-only">{name}</span>
          </label>
        ))}
      </fieldset>
      <button class="main" type="submit">
        Start helping
      </button>
      <p class="faint">
        Nothing runs before you press that. You can pause and stop at any time, and closing the page stops it, too.
      </p>
    </form>
  );
}
