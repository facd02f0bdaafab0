// As completed: results in the order they are ready, not in the order they were asked for.
import { asCompleted, Client } from "manyhands";

/** The start below `limit` that Collatz' rule takes longest to bring down to 1. */
function longestCollatz(limit) {
  let best = { start: 1, steps: 0 };
  for (let start = 1; start < limit; start++) {
    let steps = 0;
    for (let n = start; n !== 1; n = n % 2 === 0 ? n / 2 : 3 * n + 1) steps++;
    if (steps > best.steps) best = { start, steps };
  }
  return { limit, ...best };
}

const client = new Client();

const limits = [1_000_000, 10_000, 300_000, 1_000, 100_000]; // the dearest first
const futures = client.map(longestCollatz, limits);

for await (const [, { limit, start, steps }] of asCompleted(futures, { withResults: true })) {
  console.log(`below ${limit.toLocaleString("en").padStart(9)}: ${start} takes ${steps} steps`);
}

await client.close();
