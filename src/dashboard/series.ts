/** Figures over the last minutes, as curves. */

import uPlot from "uplot";

/** Points that are kept. */
const MOST = 240;

export interface Curve {
  readonly label: string;
  readonly colour: string;
}

export class Series {
  readonly #plot: uPlot;
  readonly #data: number[][];
  readonly #box: HTMLElement;
  readonly #height: number;

  constructor(box: HTMLElement, curves: readonly Curve[], show: (value: number) => string, height = 150) {
    this.#box = box;
    this.#height = height;
    this.#data = [[], ...curves.map(() => [])];
    // Looked up with each drawing: it may have become night.
    const ink = () => getComputedStyle(box).color;
    const grid = { stroke: "rgba(128, 128, 128, 0.25)", width: 1 };
    this.#plot = new uPlot(
      {
        width: Math.max(100, box.clientWidth),
        height,
        cursor: { y: false },
        scales: { y: { range: (_plot, _least, most) => [0, Math.max(1, most * 1.1)] } },
        axes: [
          { stroke: ink, grid },
          { stroke: ink, grid, size: 76, values: (_plot, values) => values.map(show) },
        ],
        series: [
          {},
          ...curves.map(({ label, colour }) => ({
            label,
            stroke: colour,
            width: 1.5,
            points: { show: false },
            value: (_plot: uPlot, value: number | null) => (value === null ? "" : show(value)),
          })),
        ],
      },
      this.#data as unknown as uPlot.AlignedData,
      box,
    );
  }

  add(timeMs: number, values: readonly number[]): void {
    for (const [i, value] of [timeMs / 1000, ...values].entries()) this.#data[i]?.push(value);
    if ((this.#data[0]?.length ?? 0) > MOST) for (const column of this.#data) column.shift();
    this.#plot.setData(this.#data as unknown as uPlot.AlignedData);
  }

  resize(): void {
    if (this.#box.clientWidth > 0) this.#plot.setSize({ width: this.#box.clientWidth, height: this.#height });
  }

  close(): void {
    this.#plot.destroy();
  }
}
