/** The playground: examples to read, change and run, over a cluster of this page's own threads, or in the room of the organiser's page. */
import { Client } from "manyhands/peer";
import { render } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { EXAMPLES } from "./playground/examples.ts";
import { type Printed, runCode } from "./playground/run-code.ts";
import { Dashboard } from "./shared/dashboard.tsx";
import { LazyCodeEditor } from "./shared/lazy-code-editor.tsx";
import { type OwnRoom, recallOwnRoom } from "./shared/own-room.ts";
import { Card, Head, Notice } from "./shared/page.tsx";
import { explain, type Trouble } from "./shared/words.ts";

/** Started when something is first run. */
let client: Client | undefined;
/** Where it is, if not in this page. */
let place: OwnRoom | undefined;
const theClient = (): Client => {
  client ??= place === undefined ? new Client() : new Client(place.address, place.options);
  return client;
};

function Playground() {
  const [index, choose] = useState(0);
  const example = EXAMPLES[index] as (typeof EXAMPLES)[number];
  const code = useRef(example.code);
  const [lines, setLines] = useState<readonly Printed[]>([]);
  const [isRunning, setRunning] = useState(false);
  /** Counts clusters: after one was ended, what looks at it has to look at the next. */
  const [clusters, countClusters] = useState(0);
  const [room, know] = useState<OwnRoom | undefined>();
  const [trouble, complain] = useState<Trouble | undefined>();
  useEffect(() => void recallOwnRoom().then(know), []);
  /** Which run may still print. */
  const turn = useRef(0);
  const run = async () => {
    const own = ++turn.current;
    setRunning(true);
    setLines([]);
    complain(undefined);
    try {
      await theClient().ready;
    } catch (error) {
      if (turn.current !== own) return;
      complain(explain(error));
      return stop();
    }
    if (turn.current !== own) return;
    await runCode(code.current, theClient(), (line) => {
      if (turn.current === own) setLines((before) => [...before, line]);
    });
    if (turn.current === own) setRunning(false);
  };
  /** Whatever runs is over: its threads end, and the next run starts with new ones. */
  const stop = async () => {
    turn.current += 1;
    setRunning(false);
    const ending = client;
    client = undefined;
    countClusters((count) => count + 1);
    await ending?.close();
  };
  const runIn = (chosen: OwnRoom | undefined) => {
    place = chosen;
    complain(undefined);
    void stop();
  };
  return (
    <>
      <Head at="playground" />
      <main class="board two">
        <h1 class="sr-only">Playground</h1>
        <div class="column">
          <Card title="Examples" id="examples">
            <ol class="examples">
              {EXAMPLES.map(({ title }, i) => (
                <li key={title}>
                  <button
                    type="button"
                    aria-current={i === index ? "true" : undefined}
                    onClick={() => {
                      if (isRunning) void stop();
                      choose(i);
                      code.current = (EXAMPLES[i] as typeof example).code;
                      setLines([]);
                    }}
                  >
                    {title}
                  </button>
                </li>
              ))}
            </ol>
          </Card>
        </div>
        <div class="column">
          <Card title={example.title} id="example">
            <p>{example.text}</p>
            <LazyCodeEditor
              key={index}
              code={example.code}
              label={`Example: ${example.title}`}
              onChange={(text) => {
                code.current = text;
              }}
            />
            <div class="buttons">
              <button class="main" type="button" disabled={isRunning} onClick={() => void run()}>
                {isRunning ? "Running…" : "Run"}
              </button>
              {isRunning && (
                <button type="button" onClick={() => void stop()}>
                  Stop
                </button>
              )}
              <label class="inline">
                Where
                <select onChange={({ currentTarget }) => runIn(currentTarget.value === "room" ? room : undefined)}>
                  <option value="here">on this page's threads</option>
                  {room !== undefined && <option value="room">in your room, {room.name}</option>}
                </select>
              </label>
            </div>
            {trouble !== undefined && <Notice trouble={trouble} />}
            <pre class="output" role="log" aria-label="What it prints">
              {lines.map(({ text, isBad }, i) => (
                <span key={i} class={isBad ? "bad" : undefined}>
                  {`${text}\n`}
                </span>
              ))}
            </pre>
          </Card>
        </div>
        <div class="column">
          <Card title="What the cluster does" id="watching">
            <Dashboard key={clusters} clientFor={theClient} />
          </Card>
        </div>
      </main>
    </>
  );
}

render(<Playground />, document.getElementById("page") as HTMLElement);
