/** Inviting others: the link, as text and to be scanned, and what is wrong if nobody can come in. */
import { useEffect, useRef, useState } from "preact/hooks";
import { useChanges } from "../shared/changes.ts";
import { Card, Notice } from "../shared/page.tsx";
import { count } from "../shared/words.ts";
import type { Door } from "./door.ts";

export function Share({ door }: { readonly door: Door }) {
  useChanges(door);
  const { state, trouble, relief, link, retrying } = door;
  const words = { closed: "closed", opening: "opening…", asking: "not open yet", open: door.room };
  return (
    <Card title="Invite others" id="share" aside={<span class="faint">{words[state]}</span>}>
      {trouble !== undefined && (
        <Notice trouble={trouble}>
          <div class="buttons">
            {retrying.secondsLeft !== undefined && (
              <button type="button" onClick={() => retrying.now()}>
                Try now (in {count(retrying.secondsLeft, "second")})
              </button>
            )}
            {/taken/.test(trouble.title) && (
              <button type="button" onClick={() => void door.rename()}>
                Take another name
              </button>
            )}
          </div>
        </Notice>
      )}
      <p class="relief" role="status">
        {relief}
      </p>
      {link !== undefined && <Link link={link} />}
      {state === "asking" && (
        <p>
          Browsers find each other by way of a signalling server, and where this page comes from there is none. Start
          one (<code>npx manyhands signal</code>), and say where it is.
        </p>
      )}
      <details open={state === "asking" || (trouble !== undefined && state === "closed")}>
        <summary>
          {state === "asking"
            ? "The signalling server"
            : door.isServed
              ? "What they are told"
              : "What they are told, and where you meet"}
        </summary>
        <Words door={door} />
      </details>
    </Card>
  );
}

function Link({ link }: { readonly link: string }) {
  const field = useRef<HTMLInputElement>(null);
  const [said, say] = useState("");
  const copy = async () => {
    const isCopied = await copyText(link, field.current);
    say(isCopied ? "Copied." : "Copy it by hand: it is selected.");
  };
  return (
    <div class="invite">
      <QrCode text={link} />
      <div class="invite-text">
        <label>
          The link: whoever opens it can lend a hand
          <input
            ref={field}
            type="text"
            class="link"
            readOnly
            value={link}
            onFocus={({ currentTarget }) => currentTarget.select()}
          />
        </label>
        <div class="buttons">
          <button class="main" type="button" onClick={() => void copy()}>
            Copy the link
          </button>
          <a class="button" href={link} target="_blank" rel="noreferrer">
            Open it
          </a>
          <span role="status">{said}</span>
        </div>
        {isHereAlone() && (
          <p class="faint">
            It leads to this machine alone. <code>npm start -- --host 0.0.0.0</code> opens this page to others, and says
            by which address they reach it.
          </p>
        )}
      </div>
    </div>
  );
}

function isHereAlone(): boolean {
  return /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(location.hostname);
}

/** Pages that did not come over https: have no clipboard, but can copy what is selected. */
async function copyText(text: string, field: HTMLInputElement | null): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    field?.select();
    return document.execCommand("copy");
  }
}

/** Drawn as one path of small squares, dark on light whatever the page looks like: so it can be scanned. */
function QrCode({ text }: { readonly text: string }) {
  const [drawn, draw] = useState({ size: 1, path: "" });
  useEffect(() => {
    let isGone = false;
    import("qrcode").then(
      ({ default: qrcode }) => {
        const { size, data } = qrcode.create(text, { errorCorrectionLevel: "L" }).modules;
        let path = "";
        data.forEach((isDark, i) => {
          if (isDark) path += `M${i % size} ${Math.floor(i / size)}h1v1h-1z`;
        });
        if (!isGone) draw({ size, path });
      },
      () => {}, // The link does, too.
    );
    return () => {
      isGone = true;
    };
  }, [text]);
  return (
    <svg
      class="qr"
      viewBox={`-4 -4 ${drawn.size + 8} ${drawn.size + 8}`}
      role="img"
      aria-label="The link, to be scanned"
    >
      <path d={drawn.path} fill="#000" shape-rendering="crispEdges" />
    </svg>
  );
}

function Words({ door }: { readonly door: Door }) {
  const [server, setServer] = useState(door.signaling);
  const [ice, setIce] = useState(door.ice);
  return (
    <form
      class="form"
      onSubmit={(event) => {
        event.preventDefault();
        void door.meetAt(server, ice);
      }}
    >
      <label>
        Your name, for those you invite
        <input
          type="text"
          maxLength={60}
          value={door.by}
          onInput={({ currentTarget }) => door.say({ by: currentTarget.value })}
        />
      </label>
      <label>
        What it is for
        <input
          type="text"
          maxLength={120}
          value={door.what}
          onInput={({ currentTarget }) => door.say({ what: currentTarget.value })}
        />
      </label>
      <label>
        Helpers at most; as many as come, if it says nothing
        <input
          type="number"
          min={1}
          value={door.most === 0 ? "" : door.most}
          onInput={({ currentTarget: { valueAsNumber } }) =>
            door.say({ most: valueAsNumber >= 1 ? Math.floor(valueAsNumber) : 0 })
          }
        />
      </label>
      {!door.isServed && <MeetingPlace door={door} server={server} ice={ice} onServer={setServer} onIce={setIce} />}
    </form>
  );
}

function MeetingPlace({
  door,
  server,
  ice,
  onServer,
  onIce,
}: {
  readonly door: Door;
  readonly server: string;
  readonly ice: string;
  readonly onServer: (server: string) => void;
  readonly onIce: (ice: string) => void;
}) {
  return (
    <>
      <label>
        Signalling server
        <input
          type="text"
          inputMode="url"
          placeholder="https://example.org/signal/"
          value={server}
          onInput={({ currentTarget }) => onServer(currentTarget.value)}
        />
      </label>
      <label>
        STUN or TURN servers, for others in other networks; none is asked unless you name one
        <input
          type="text"
          inputMode="url"
          placeholder="stun:example.org:3478"
          value={ice}
          onInput={({ currentTarget }) => onIce(currentTarget.value)}
        />
      </label>
      <div class="buttons">
        <button type="submit">Meet there</button>
        <button type="button" onClick={() => void door.rename()}>
          Another name and secret
        </button>
      </div>
    </>
  );
}
