/** Tasks and what they need, as a drawing, for graphs that people can read. */

import { Graph, layout } from "@dagrejs/dagre";
import type { SurveyedTask } from "../protocol/survey.ts";
import { colourOf, ERROR } from "./palette.ts";

const SVG = "http://www.w3.org/2000/svg";
const WIDTH = 96;
const HEIGHT = 22;

/** How sure a task is to be there: what waits is pale. */
const SHADE: Readonly<Record<string, string>> = { memory: "1", processing: "0.8", queued: "0.55", waiting: "0.35" };

/** What tells two drawings apart that look different. */
export function shapeOf(tasks: readonly SurveyedTask[]): string {
  return tasks.map(({ key, state }) => `${key} ${state}`).join("\n");
}

/** Those that need others, or are needed by others. */
export function tiedOf(tasks: readonly SurveyedTask[]): SurveyedTask[] {
  const needed = new Set(tasks.flatMap(({ inputs }) => inputs));
  const places = new Map<number, number>();
  for (const [i, { inputs }] of tasks.entries()) if (inputs.length > 0 || needed.has(i)) places.set(i, places.size);
  return [...places.keys()].map((i) => {
    const task = tasks[i] as SurveyedTask;
    return { ...task, inputs: task.inputs.map((input) => places.get(input) as number) };
  });
}

export function drawTasks(tasks: readonly SurveyedTask[], picked: (task: SurveyedTask) => void): SVGSVGElement {
  const graph = new Graph();
  graph.setGraph({ rankdir: "LR", nodesep: 8, ranksep: 34 });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const i of tasks.keys()) graph.setNode(`${i}`, { width: WIDTH, height: HEIGHT });
  for (const [i, { inputs }] of tasks.entries()) for (const input of inputs) graph.setEdge(`${input}`, `${i}`);
  layout(graph);
  const { width = 0, height = 0 } = graph.graph() as { width?: number; height?: number };
  const drawing = make("svg", { viewBox: `-4 -4 ${width + 8} ${height + 8}`, width: `${width + 8}`, role: "group" });
  drawing.setAttribute("aria-label", `${tasks.length} tasks and what they need`);
  for (const edge of graph.edges()) {
    const { points = [] } = graph.edge(edge) as { points?: { x: number; y: number }[] };
    drawing.append(make("path", { d: points.map(({ x, y }, i) => `${i === 0 ? "M" : "L"}${x} ${y}`).join("") }));
  }
  for (const [i, task] of tasks.entries()) {
    const { x = 0, y = 0 } = graph.node(`${i}`) as { x?: number; y?: number };
    const fill = task.state === "erred" ? ERROR : colourOf(task.name);
    const opacity = task.state === "erred" ? "1" : (SHADE[task.state] ?? "0.35");
    const at = { x: `${x - WIDTH / 2}`, y: `${y - HEIGHT / 2}` };
    const box = make("rect", { ...at, width: `${WIDTH}`, height: `${HEIGHT}`, rx: "4", fill, "fill-opacity": opacity });
    const text = make("text", { x: `${x}`, y: `${y + 4}`, "text-anchor": "middle" });
    text.textContent = task.name.length > 14 ? `${task.name.slice(0, 13)}…` : task.name;
    const title = make("title", {});
    title.textContent = `${task.key}: ${task.state}`;
    const node = make("g", { tabindex: "0", role: "button", "aria-label": `${task.key}: ${task.state}` });
    node.append(title, box, text);
    node.addEventListener("click", () => picked(task));
    node.addEventListener("keydown", ({ key }) => {
      if (key === "Enter") picked(task);
    });
    drawing.append(node);
  }
  return drawing;
}

function make<K extends keyof SVGElementTagNameMap>(
  tag: K,
  attributes: Readonly<Record<string, string>>,
): SVGElementTagNameMap[K] {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}
