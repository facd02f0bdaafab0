/** The page behind the link that organisers give away: lends this browser's threads to a room, once that was agreed to. */
import { render } from "preact";
import { useEffect, useMemo, useState } from "preact/hooks";
import { AtWork } from "./join/at-work.tsx";
import { Consent } from "./join/consent.tsx";
import { canJoin, Help } from "./join/help.ts";
import { recallSettings, rememberSettings, type Settings } from "./join/settings.ts";
import { useChanges } from "./shared/changes.ts";
import { type Invitation, readLink } from "./shared/invitation.ts";
import { Head, Notice, Title } from "./shared/page.tsx";
import { NO_WEBRTC } from "./shared/words.ts";

/** Kept for as long as the tab is there: it was agreed to help in this room, so a reload goes on with it. */
const AGREED = "agreed to help";

function Joining({ invitation, kept }: { readonly invitation: Invitation; readonly kept: Settings }) {
  const help = useMemo(() => new Help(invitation), [invitation]);
  useChanges(help);
  const [settings, choose] = useState(kept);
  const start = () => {
    void rememberSettings(settings);
    agree(location.hash);
    help.start(settings);
  };
  useEffect(() => {
    if (wasAgreed()) help.start(settings);
  }, []);
  if (help.isAtWork || help.phase === "leaving") {
    return (
      <main class="joining">
        <Title isHidden>Helping in the room {invitation.room}</Title>
        <AtWork help={help} settings={settings} />
      </main>
    );
  }
  return (
    <main class="joining">
      {help.phase === "over" && <Over help={help} />}
      <Consent invitation={invitation} settings={settings} onChange={(chosen) => choose(chosen)} onStart={start} />
    </main>
  );
}

function Over({ help }: { readonly help: Help }) {
  useEffect(() => agree(""), []);
  if (help.trouble !== undefined) return <Notice trouble={help.trouble} />;
  return (
    <p class="card" role="status">
      You have stopped. Thank you: {help.done.tasks.toLocaleString("en")} tasks were done here.
    </p>
  );
}

function Uninvited() {
  return (
    <main class="welcome">
      <h1>There is no invitation in this link</h1>
      <p>It may have been cut off on its way. Ask whoever sent it for the whole of it, or have it scanned.</p>
      <p>
        Or <a href="index.html">open a room yourself</a>, and invite others.
      </p>
    </main>
  );
}

function agree(hash: string): void {
  try {
    sessionStorage.setItem(AGREED, hash);
  } catch {
    // Without storage, a reload asks again.
  }
}

/** A tab that was begun anew is a reload; one that was opened as a copy of another is not. */
function wasAgreed(): boolean {
  const [navigation] = performance.getEntriesByType("navigation") as PerformanceNavigationTiming[];
  try {
    return navigation?.type === "reload" && sessionStorage.getItem(AGREED) === location.hash;
  } catch {
    return false;
  }
}

async function show(): Promise<void> {
  const place = document.getElementById("page") as HTMLElement;
  const invitation = readLink(location.href);
  const kept = await recallSettings();
  render(
    <>
      <Head at="join" />
      {invitation === undefined ? (
        <Uninvited />
      ) : canJoin(invitation) ? (
        <Joining key={location.hash} invitation={invitation} kept={kept} />
      ) : (
        <main class="joining">
          <Notice trouble={NO_WEBRTC} />
        </main>
      )}
    </>,
    place,
  );
}

addEventListener("hashchange", () => location.reload());
void show();
