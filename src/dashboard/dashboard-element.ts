/**
 * <manyhands-dashboard>: a cluster, live, for whoever looks.
 *
 * It asks the cluster for what it shows, twice a second, and has workers tell what they do, only while it is part of a page and has a
 * client; while the page is hidden it asks for nothing. When it is taken out, all of that ends.
 */

import uPlotStyle from "uplot/dist/uPlot.min.css";
import type { ClusterEvent } from "../client/cluster-events.ts";
import type { Survey } from "../protocol/survey.ts";
import style from "./dashboard.css";
import { bytes, dress, element, shortAddress, show } from "./elements.ts";
import { drawTasks, shapeOf, tiedOf } from "./graph.ts";
import { LanesPanel } from "./lanes-panel.ts";
import { Series } from "./series.ts";
import { StoryPanel } from "./story-panel.ts";
import { describeSpan, meetingTable, progressTable, workersTable } from "./survey-tables.ts";
import { SHOWN_PER_SECOND, type SpanStream, type Watched } from "./watched.ts";

const LOOK_MS = 500;
/** Nobody waits longer for what has to be drawn. */
const MOST_REST_MS = 2000;
/** The part of the time that drawing may take, where the scheduler may be in this very page, and where it is not. */
const SHARE_HERE = 0.01;
const SHARE_ELSEWHERE = 0.25;
/** What it may take the scheduler to count one task, and to be left in peace for after that. Milliseconds. */
const COUNTED_MS = 0.005;
const MOST_EVENTS = 100;

interface Panels {
  readonly lanes: LanesPanel;
  readonly progress: HTMLElement;
  readonly workers: HTMLElement;
  readonly meeting: HTMLElement;
  readonly graph: HTMLElement;
  readonly events: HTMLElement;
  readonly story: StoryPanel;
  readonly rate: Series;
  readonly stored: Series;
}

/** One time of looking, from when there is something to be looked at until there is not. */
class Watch {
  readonly #client: Watched;
  readonly #panels: Panels;
  readonly #problem: (text: string) => void;
  #recording: Promise<SpanStream> | undefined;
  #subscription: Promise<{ close(): void }> | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #frame = 0;
  #isOver = false;
  #before: { readonly atMs: number; readonly runs: number } | undefined;
  #shape = "";

  constructor(client: Watched, panels: Panels, problem: (text: string) => void) {
    this.#client = client;
    this.#panels = panels;
    this.#problem = problem;
    this.#recording = client.taskStream({ limit: 1, perSecond: SHOWN_PER_SECOND });
    this.#recording.then((recording) => this.#read(recording)).catch((error) => this.#fail(error));
    this.#subscription = client.subscribeTopic("all", (event) => this.#note(event), { history: true });
    this.#subscription.catch((error) => this.#fail(error));
    void this.#look();
    this.#animate();
  }

  close(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    clearTimeout(this.#timer);
    cancelAnimationFrame(this.#frame);
    this.#recording?.then((recording) => recording.stop()).catch(() => {});
    this.#subscription?.then((subscription) => subscription.close()).catch(() => {});
  }

  async #read(recording: SpanStream): Promise<void> {
    for await (const spans of recording) if (!this.#isOver) this.#panels.lanes.add(spans);
  }

  async #look(): Promise<void> {
    let pauseMs = LOOK_MS;
    try {
      if (!document.hidden) {
        const survey = await this.#client.survey();
        const beganMs = performance.now();
        this.#show(survey);
        const tasks = survey.names.reduce((sum, { waiting, memory, erred }) => sum + waiting + memory + erred, 0);
        const restMs = Math.min(MOST_REST_MS, (performance.now() - beganMs) / shareOf(this.#client));
        pauseMs = Math.max(pauseMs, restMs, tasks * COUNTED_MS);
      }
    } catch (error) {
      return this.#fail(error);
    }
    if (!this.#isOver) this.#timer = setTimeout(() => void this.#look(), pauseMs);
  }

  /** Those who want less to move are shown a still picture, and another one each second. */
  #animate(): void {
    const isStill = matchMedia("(prefers-reduced-motion: reduce)").matches;
    let lastMs = 0;
    const next = (frameMs: number) => {
      this.#frame = requestAnimationFrame(next);
      if (isStill && frameMs - lastMs < 1000) return;
      lastMs = frameMs;
      this.#panels.lanes.follow(Date.now());
    };
    this.#frame = requestAnimationFrame(next);
  }

  #show(survey: Survey): void {
    if (this.#isOver) return;
    const { lanes, progress, workers, meeting, rate, stored } = this.#panels;
    const { info, names, meetingPlaces } = survey;
    lanes.setWorkers(Object.keys(info.workers));
    show(progress, progressTable(names));
    show(
      workers,
      workersTable(info, (worker) => lanes.busyness(worker, Date.now())),
    );
    show(meeting, meetingPlaces.length === 0 ? note("None.") : meetingTable(meetingPlaces));
    this.#drawGraph(survey);
    const nowMs = Date.now();
    const runs = names.reduce((sum, name) => sum + name.runs, 0);
    const seconds = (nowMs - (this.#before?.atMs ?? nowMs)) / 1000;
    if (seconds > 0) rate.add(nowMs, [(runs - (this.#before?.runs ?? runs)) / seconds]);
    this.#before = { atMs: nowMs, runs };
    const all = Object.values(info.workers);
    stored.add(nowMs, [all.reduce((sum, { nbytes }) => sum + nbytes, 0)]);
    void this.#panels.story.refresh();
  }

  #drawGraph({ graph }: Survey): void {
    const shape = graph === undefined ? "too many" : shapeOf(graph);
    if (shape === this.#shape) return;
    this.#shape = shape;
    const { graph: box, story } = this.#panels;
    if (graph === undefined) box.replaceChildren(note("There are too many tasks to be drawn."));
    else {
      const tied = tiedOf(graph);
      const alone = graph.length - tied.length;
      const rest = note(alone === 0 ? "" : `And ${alone} that depend on nothing, and nothing on them.`);
      if (tied.length === 0) return box.replaceChildren(note("No task depends on another now."));
      box.replaceChildren(
        drawTasks(tied, ({ key }) => story.tell(key)),
        rest,
      );
    }
  }

  #note({ time, topic, from, message }: ClusterEvent): void {
    if (this.#isOver) return;
    const { events } = this.#panels;
    const line = element("div", topic === "warnings" ? { class: "waiting" } : {});
    const who = from === "scheduler" ? "" : ` (${shortAddress(from)})`;
    line.textContent = `${time.toLocaleTimeString()} ${eventText(topic, message)}${who}`;
    events.prepend(line);
    while (events.childElementCount > MOST_EVENTS) events.lastElementChild?.remove();
  }

  #fail(error: unknown): void {
    if (this.#isOver) return;
    this.close();
    this.#problem(`Nothing more will be seen: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function shareOf({ isElsewhere }: Watched): number {
  return isElsewhere === true ? SHARE_ELSEWHERE : SHARE_HERE;
}

/** What the scheduler notes in words; what others log, as it is. */
function eventText(topic: string, message: unknown): string {
  const { type, text, worker, ...fields } = (typeof message === "object" && message !== null ? message : {}) as Record<
    string,
    unknown
  >;
  if (topic === "warnings" && typeof text === "string") return text;
  if (typeof type !== "string") return `${topic}: ${typeof message === "object" ? JSON.stringify(message) : message}`;
  const about = worker === undefined ? [] : [shortAddress(`${worker}`)];
  for (const [name, value] of Object.entries(fields)) {
    if (value !== undefined) about.push(`${name} ${typeof value === "string" ? value : JSON.stringify(value)}`);
  }
  return `${type.replaceAll("-", " ")}: ${about.join(", ")}`;
}

function note(text: string): HTMLElement {
  return element("p", { class: "note" }, text);
}

/** Where there are no elements, the module can be imported all the same. */
const Base = globalThis.HTMLElement ?? (class {} as typeof HTMLElement);

export class DashboardElement extends Base {
  #client: Watched | undefined;
  #watch: Watch | undefined;
  #panels: Panels | undefined;
  #observer: ResizeObserver | undefined;

  /** Whose cluster is shown. */
  get client(): Watched | undefined {
    return this.#client;
  }
  set client(client: Watched | undefined) {
    if (client === this.#client) return;
    this.#end();
    this.#client = client;
    if (this.isConnected) this.#begin();
  }

  connectedCallback(): void {
    this.#begin();
  }

  disconnectedCallback(): void {
    this.#end();
  }

  /** Draws the task stream once more, now, and says how long that took: for those who measure. Milliseconds. */
  paint(): number {
    const beganMs = performance.now();
    this.#panels?.lanes.paint();
    return performance.now() - beganMs;
  }

  /** How many spans the task stream has. */
  get spans(): number {
    return this.#panels?.lanes.count ?? 0;
  }

  #begin(): void {
    const client = this.#client;
    if (client === undefined || this.#watch !== undefined) return;
    const root = this.shadowRoot ?? this.attachShadow({ mode: "open" });
    const status = element("p", { class: "note bad", role: "alert" });
    status.hidden = true;
    const story = new StoryPanel((key) => client.story(key));
    const lanes = new LanesPanel(shareOf(client), (span) => story.tell(span.key ?? "", describeSpan(span)));
    const boxes = { progress: box(), workers: box(), meeting: box(), graph: box(), events: box() };
    const [rate, stored] = [element("div"), element("div")];
    const panels = element(
      "div",
      { class: "panels" },
      status,
      lanes.node,
      panel("Workers", boxes.workers, "double"),
      panel("Progress", boxes.progress, "double"),
      panel("Tasks per second", rate),
      panel("Bytes stored", stored),
      panel("Task graph", boxes.graph, "double"),
      story.node,
      panel("Queues, locks and others", boxes.meeting),
      panel("Events and warnings", boxes.events, "double"),
    );
    dress(root, uPlotStyle, style);
    root.replaceChildren(panels);
    this.#panels = {
      ...boxes,
      lanes,
      story,
      rate: new Series(rate, [{ label: "tasks/s", colour: "#3d8b5f" }], (value) => value.toLocaleString()),
      stored: new Series(stored, [{ label: "bytes", colour: "#7a5ea8" }], (value) => bytes(Math.round(value))),
    };
    const resize = () => {
      this.#panels?.rate.resize();
      this.#panels?.stored.resize();
    };
    this.#observer = new ResizeObserver(resize);
    this.#observer.observe(this);
    this.#watch = new Watch(client, this.#panels, (text) => {
      status.textContent = text;
      status.hidden = false;
    });
  }

  #end(): void {
    this.#watch?.close();
    this.#watch = undefined;
    this.#observer?.disconnect();
    this.#panels?.lanes.close();
    this.#panels?.rate.close();
    this.#panels?.stored.close();
    this.#panels = undefined;
  }
}

function box(): HTMLElement {
  return element("div", { class: "scroll", tabindex: "0" });
}

/** `size`: `double` where it is worth two places side by side. */
function panel(title: string, content: HTMLElement, size = ""): HTMLElement {
  return element("section", { class: size }, element("h2", {}, title), content);
}
