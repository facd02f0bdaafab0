// Scatter: data goes to the workers once, however many tasks use it.
import { Client, transfer } from "manyhands";

const client = new Client();

const count = 4_000_000;
const noise = Float64Array.from({ length: count }, (_, i) => Math.sin(i * 12.9898) * 43_758.5453);
// Moved, not copied: `noise` is empty from here on. Without `transfer` it would stay.
const scattered = client.scatter(transfer(noise, [noise.buffer]));

function histogram(values, part) {
  const bins = new Array(8).fill(0);
  const size = values.length / 10;
  for (let i = part * size; i < (part + 1) * size; i++) {
    const fraction = values[i] - Math.floor(values[i]);
    bins[Math.floor(fraction * 8)]++;
  }
  return bins;
}

const parts = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];
const histograms = client.map(histogram, new Array(10).fill(scattered), parts);
const total = client.submit(
  (parts) => parts[0].map((_, bin) => parts.reduce((sum, part) => sum + part[bin], 0)),
  histograms,
);

console.log(`${count.toLocaleString("en")} numbers, ${noise.length} of them still here`);
for (const amount of await total.result()) console.log("#".repeat(amount / 10_000), amount);

await client.close();
