/** Choosing what is to be done: a picture, a sweep, or a function of one's own. */
import { useState } from "preact/hooks";
import { LazyCodeEditor } from "../shared/lazy-code-editor.tsx";
import { Card, Notice } from "../shared/page.tsx";
import { explain, type Trouble } from "../shared/words.ts";
import type { Plan } from "./plan.ts";

type Begin = (plan: Plan) => Promise<unknown>;
type Kind = Plan["kind"];

const KINDS: readonly { readonly kind: Kind; readonly title: string; readonly text: string }[] = [
  { kind: "render", title: "Draw a picture", text: "Path-trace the Stanford bunny, or a mesh of yours." },
  { kind: "sweep", title: "Sweep parameters", text: "Simulate an epidemic for thousands of pairs of parameters." },
  { kind: "own", title: "Your own function", text: "Over your own list, or a table as CSV." },
];

export function NewJob({ onBegin }: { readonly onBegin: Begin }) {
  const [kind, choose] = useState<Kind>("render");
  const [trouble, complain] = useState<Trouble | undefined>();
  const begin = async (plan: () => Promise<Plan>) => {
    complain(undefined);
    try {
      await onBegin(await plan());
    } catch (error) {
      complain(explain(error));
    }
  };
  return (
    <Card title="What is to be done" id="new-job">
      <fieldset class="kinds">
        <legend class="sr-only">Kind of job</legend>
        {KINDS.map(({ kind: each, title, text }) => (
          <label key={each} class="kind">
            <input type="radio" name="kind" checked={each === kind} onChange={() => choose(each)} />
            <span>
              <strong>{title}</strong>
              <small>{text}</small>
            </span>
          </label>
        ))}
      </fieldset>
      {kind === "render" && <RenderForm onBegin={begin} />}
      {kind === "sweep" && <SweepForm onBegin={begin} />}
      {kind === "own" && <OwnForm onBegin={begin} />}
      {trouble !== undefined && <Notice trouble={trouble} />}
    </Card>
  );
}

type Prepare = (plan: () => Promise<Plan>) => Promise<void>;

function RenderForm({ onBegin }: { readonly onBegin: Prepare }) {
  const [size, setSize] = useState("640x480");
  const [samples, setSamples] = useState(32);
  const [file, setFile] = useState<File | undefined>();
  const [isBusy, setBusy] = useState(false);
  const begin = async () => {
    setBusy(true);
    await onBegin(async () => {
      const [width = 640, height = 480] = size.split("x").map(Number);
      const mesh = file && { name: file.name, bytes: new Uint8Array(await file.arrayBuffer()) };
      return { kind: "render", wishes: { width, height, samples, file: mesh } };
    });
    setBusy(false);
  };
  const take = (chosen: File | undefined) => setFile(chosen);
  return (
    <form
      class="form"
      onSubmit={(event) => {
        event.preventDefault();
        void begin();
      }}
    >
      <label
        class="drop"
        onDragOver={(event) => event.preventDefault()}
        onDrop={(event) => {
          event.preventDefault();
          take(event.dataTransfer?.files[0]);
        }}
      >
        <input
          class="sr-only"
          type="file"
          accept=".obj,.glb"
          onChange={({ currentTarget }) => take(currentTarget.files?.[0])}
        />
        {file === undefined ? (
          <span>
            The bunny. Or drop an <b>.obj</b> or <b>.glb</b> here, or <u>choose one</u>.
          </span>
        ) : (
          <span>
            {file.name}, {(file.size / 1e6).toFixed(1)} MB
          </span>
        )}
      </label>
      {file !== undefined && (
        <button type="button" class="quiet" onClick={() => take(undefined)}>
          The bunny after all
        </button>
      )}
      <div class="fields">
        <label>
          Size
          <select value={size} onChange={({ currentTarget }) => setSize(currentTarget.value)}>
            {["320x240", "640x480", "960x720", "1280x960", "1920x1080"].map((each) => (
              <option key={each} value={each}>
                {each.replace("x", " × ")}
              </option>
            ))}
          </select>
        </label>
        <label>
          Light paths a pixel
          <select value={samples} onChange={({ currentTarget }) => setSamples(Number(currentTarget.value))}>
            {[8, 32, 64, 128, 256, 512].map((each) => (
              <option key={each}>{each}</option>
            ))}
          </select>
        </label>
      </div>
      <button class="main" type="submit" disabled={isBusy}>
        {isBusy ? "Reading the mesh…" : "Draw it"}
      </button>
    </form>
  );
}

function SweepForm({ onBegin }: { readonly onBegin: Prepare }) {
  const [side, setSide] = useState(64);
  const [repeats, setRepeats] = useState(8);
  return (
    <form
      class="form"
      onSubmit={(event) => {
        event.preventDefault();
        void onBegin(async () => ({
          kind: "sweep",
          wishes: { columns: side, rows: Math.round(side * 0.625), repeats },
        }));
      }}
    >
      <div class="fields">
        <label>
          Pairs in a row
          <select value={side} onChange={({ currentTarget }) => setSide(Number(currentTarget.value))}>
            {[32, 64, 96, 160].map((each) => (
              <option key={each}>{each}</option>
            ))}
          </select>
        </label>
        <label>
          Runs for each
          <select value={repeats} onChange={({ currentTarget }) => setRepeats(Number(currentTarget.value))}>
            {[2, 8, 32].map((each) => (
              <option key={each}>{each}</option>
            ))}
          </select>
        </label>
      </div>
      <button class="main" type="submit">
        Sweep
      </button>
    </form>
  );
}

const FIRST_FUNCTION = `// Called on some worker for each line of the list, or for
// each row of a table, as an object with its cells by name.
// It can use whatever a worker has, and may be async.
function factors(line) {
  let n = Number(line);
  const found = [];
  for (let p = 2; p * p <= n; p++) {
    while (n % p === 0) {
      found.push(p);
      n /= p;
    }
  }
  if (n > 1) found.push(n);
  return found.join(" · ");
}`;

const FIRST_LIST = Array.from({ length: 24 }, (_, i) => 9_007_199_254_740_000 + i * 37).join("\n");

function OwnForm({ onBegin }: { readonly onBegin: Prepare }) {
  const [code, setCode] = useState(FIRST_FUNCTION);
  const [list, setList] = useState(FIRST_LIST);
  return (
    <form
      class="form"
      onSubmit={(event) => {
        event.preventDefault();
        void onBegin(async () => ({ kind: "own", source: code.replace(/^(\s*\/\/.*\n)*/, ""), list }));
      }}
    >
      <LazyCodeEditor code={code} label="Your function" onChange={setCode} />
      <label>
        The list: one item a line, or a table as CSV with a heading
        <textarea rows={6} value={list} onInput={({ currentTarget }) => setList(currentTarget.value)} />
      </label>
      <label class="file">
        <span>
          or <u>read a file</u>
        </span>
        <input
          class="sr-only"
          type="file"
          accept=".csv,.txt,text/*"
          onChange={async ({ currentTarget }) => setList((await currentTarget.files?.[0]?.text()) ?? list)}
        />
      </label>
      <button class="main" type="submit">
        Run it
      </button>
    </form>
  );
}
