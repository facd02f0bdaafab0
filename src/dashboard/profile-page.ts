/** The page of a profile: runs by itself, from what stands in it. */

import { FlameChart } from "flame-chart-js";
import { chromeTrace, joinedProfile } from "../client/profile-exports.ts";
import type { ProfileContents } from "../client/profiling.ts";
import { idleMs, longestTasks, timeAccounts, transferAccounts } from "../client/time-accounts.ts";
import { bar, bytes, duration, element, shortAddress, table } from "./elements.ts";
import { flameNodes } from "./flames.ts";
import { Lanes } from "./lanes.ts";
import { colourOf, TRANSFER } from "./palette.ts";
import { SpanStore } from "./span-store.ts";
import { describeSpan, namedWithColour } from "./survey-tables.ts";

const KINDS = { compute: "#3d8b5f", wait: "#b8a13a", transfer: TRANSFER, deserialize: "#7a5ea8", idle: "#9a9a9a" };

const contents = JSON.parse(document.getElementById("contents")?.textContent ?? "{}") as ProfileContents;
const { spans, workers, fromMs, toMs, totals, stacks } = contents;
const main = document.querySelector("main") as HTMLElement;
const wasRecorded = toMs > fromMs;

function section(title: string, ...children: readonly (Node | string)[]): void {
  main.append(element("section", {}, element("h2", {}, title), ...children));
}

function note(text: string): HTMLElement {
  return element("p", { class: "note" }, text);
}

function overview(): void {
  const tasks = spans.reduce((sum, span) => sum + (span.kind === "compute" ? span.tasks : 0), 0);
  const facts = wasRecorded
    ? `Recorded from ${new Date(fromMs).toLocaleString()} for ${duration(toMs - fromMs)}: ${tasks} tasks on ${workers.length} workers.`
    : "Nothing was being recorded: this is what the cluster counts anyway. To see more, open performanceReport() before the work.";
  main.append(note(facts));
  if (contents.missed > 0) main.append(note("Some of what workers told was lost, because it was not read in time."));
}

function timeByName(): void {
  const accounts = timeAccounts(spans);
  const idle = idleMs(spans, workers, contents);
  const sums = accounts.map((account) => account.compute + account.wait + account.transfer + account.deserialize);
  const whole = Math.max(idle, ...sums);
  const rows = accounts.map((account) => {
    const parts = (["compute", "wait", "transfer", "deserialize"] as const).map((kind) => ({
      name: kind,
      value: account[kind],
      colour: KINDS[kind],
    }));
    const [compute, wait, transfer, deserialize] = parts.map(({ value }) => duration(value)) as [
      string,
      string,
      string,
      string,
    ];
    const mean = account.tasks === 0 ? "" : duration(account.compute / account.tasks);
    return [
      namedWithColour(account.name),
      bar(parts, whole),
      `${account.tasks}`,
      compute,
      mean,
      wait,
      transfer,
      deserialize,
      `${account.errors}`,
    ];
  });
  const parts = [{ name: "idle", value: idle, colour: KINDS.idle }];
  rows.push(["(idle)", bar(parts, whole), "", duration(idle), "", "", "", "", ""]);
  const legend = Object.entries(KINDS).map(([kind, colour]) => {
    const key = element("i");
    key.style.background = colour;
    return element("span", { class: "key" }, key, kind);
  });
  section(
    "Where the time went",
    element("p", { class: "legend" }, ...legend),
    table(
      "Milliseconds of all workers together",
      ["name", "", "tasks", "compute", "each", "wait", "transfer", "deserialize", "failed"],
      rows,
    ),
  );
}

function lanes(): void {
  const store = new SpanStore();
  for (const worker of workers) store.laneOf(worker);
  for (const span of spans) store.add(span);
  const canvas = element("canvas", {
    role: "img",
    "aria-label": "What each worker did when. Arrow keys move, plus and minus zoom, 0 shows all.",
  });
  const height = Math.min(900, Math.max(60, workers.length * 24));
  canvas.style.height = `${height}px`;
  const tip = element("div", { class: "tip", role: "status" });
  const view = new Lanes(canvas, store, {
    pointed(span, x, y) {
      tip.hidden = span === undefined;
      if (span === undefined) return;
      tip.textContent = describeSpan(span);
      tip.style.left = `${Math.min(x + 12, innerWidth - 280)}px`;
      tip.style.top = `${y + 12}px`;
    },
  });
  tip.hidden = true;
  const names = [...store.lanes.keys()].map((worker) => element("span", { title: worker }, shortAddress(worker)));
  const labels = element("div", { class: "lane-names" }, ...(workers.length <= 60 ? names : []));
  section(
    "What each worker did when",
    note(
      "Wheel or + and - to zoom, drag or arrow keys to move, double click or 0 to see all. Transfers stand below the tasks; failures are red.",
    ),
    element("div", { class: "lanes" }, labels, canvas),
    tip,
  );
  view.show(fromMs, Math.max(toMs, store.lastMs));
  new ResizeObserver(() => view.draw()).observe(canvas);
}

function flames(): void {
  if (stacks.length === 0) {
    section("Stacks", note(`There are none: ${contents.noStacks ?? "none were sampled"}.`));
    return;
  }
  const canvas = element("canvas", { role: "img", "aria-label": "Flame graph of the sampled stacks" });
  section(
    "Stacks",
    note("What was found running, looked at again and again, all threads together: the wider, the longer."),
    note(contents.noStacks === undefined ? "" : `Of workers there are none: ${contents.noStacks}.`),
    canvas,
  );
  const resize = () => [canvas.parentElement?.clientWidth ?? 800, 420] as const;
  [canvas.width, canvas.height] = resize();
  const data = flameNodes(stacks);
  const isDark = matchMedia("(prefers-color-scheme: dark)").matches;
  const colours = isDark
    ? { backgroundColor: "#16181d", fontColor: "#e8e8e8" }
    : { backgroundColor: "#ffffff", fontColor: "#1a1a1a" };
  const chart = new FlameChart({ canvas, data, settings: { styles: { main: colours } } });
  new ResizeObserver(() => chart.resize(...resize())).observe(main);
}

function lists(): void {
  section(
    "The longest tasks",
    table(
      "Those that were told one by one",
      ["key", "name", "took", "worker", "ended"],
      longestTasks(spans, 25).map(({ key, name, ms, worker, status }) => [
        key ?? "",
        namedWithColour(name),
        duration(ms),
        shortAddress(worker),
        status,
      ]),
    ),
  );
  const moved = transferAccounts(spans).slice(0, 50);
  if (moved.length === 0) return section("Transfers", note("No values moved between workers."));
  section(
    "Transfers",
    table(
      "Values that moved between workers",
      ["from", "to", "times", "bytes", "took", "per second"],
      moved.map(({ from, to, times, nbytes, ms }) => [
        shortAddress(from),
        shortAddress(to),
        `${times}`,
        bytes(nbytes),
        duration(ms),
        ms === 0 ? "" : bytes(Math.round((nbytes / ms) * 1000)),
      ]),
    ),
  );
}

function sinceTheBeginning(): void {
  const whole = Math.max(1, ...totals.map(({ ms }) => ms));
  section(
    "Since the cluster began",
    table(
      "All runs that have ended, whether they were recorded or not",
      ["name", "", "runs", "took", "each"],
      totals.map(({ name, runs, ms }) => [
        namedWithColour(name),
        bar([{ name, value: ms, colour: colourOf(name) }], whole),
        `${runs}`,
        duration(ms),
        duration(ms / runs),
      ]),
    ),
  );
}

function exportsOf(): void {
  const offer = (label: string, filename: string, make: () => unknown) => {
    const button = element("button", { type: "button" }, label);
    button.addEventListener("click", () => {
      const link = element("a", { download: filename });
      link.href = URL.createObjectURL(new Blob([JSON.stringify(make())], { type: "application/json" }));
      link.click();
    });
    return button;
  };
  const buttons: HTMLElement[] = [];
  if (spans.length > 0)
    buttons.push(offer("Chrome trace, for Perfetto", "profile.trace.json", () => chromeTrace(spans)));
  if (stacks.length > 0)
    buttons.push(offer("Stacks as .cpuprofile", "profile.cpuprofile", () => joinedProfile(stacks)));
  if (buttons.length > 0) main.append(element("p", { class: "exports" }, ...buttons));
}

overview();
if (wasRecorded) {
  exportsOf();
  timeByName();
  lanes();
  flames();
  lists();
}
sinceTheBeginning();
