/** Who helps, how much, and how others can join. */

import { useEffect, useRef, useState } from "preact/hooks";
import QRCode from "qrcode";
import { Card, Notice } from "../shared/page.tsx";
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

/** The way in for others: a link, and the same as a picture for the cameras of phones. */
export function Share({ room, onRetry }: { readonly room: Room; readonly onRetry: () => void }) {
  const [isCopied, setCopied] = useState(false);
  const { invitation } = room;
  return (
    <Card title="Let others help" id="share">
      {room.trouble !== undefined && <Notice trouble={room.trouble} onRetry={onRetry} />}
      {invitation === undefined && room.trouble === undefined && (
        <p class="faint">{room.isOpening ? "Opening the door…" : "The room is closed."}</p>
      )}
      {invitation !== undefined && (
        <>
          <p>
            Whoever opens this link can lend threads: nothing begins before they say so. Phones can read the picture.
          </p>
          <Code text={invitation} />
          <div class="buttons">
            <input class="link" readOnly value={invitation} aria-label="Link for helpers" />
            <button
              type="button"
              onClick={async () => {
                await navigator.clipboard.writeText(invitation);
                setCopied(true);
              }}
            >
              {isCopied ? "Copied" : "Copy"}
            </button>
          </div>
        </>
      )}
    </Card>
  );
}

function Code({ text }: { readonly text: string }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    if (canvas.current !== null)
      QRCode.toCanvas(canvas.current, text, { margin: 2, width: 200, errorCorrectionLevel: "M" });
  }, [text]);
  return <canvas ref={canvas} class="code" width={200} height={200} role="img" aria-label="The link as a QR code" />;
}
