// Cancel: a task that waits is dropped, one that runs is told by its signal, one that does not listen is ended by force.
import { CancelledError, Client, getTask } from "manyhands";

const client = new Client({ nWorkers: 1 });

const polite = client.submit(async () => {
  const { signal } = getTask(); // names of the library are in scope in every task
  let beats = 0;
  while (!signal.aborted) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    beats++;
  }
  return beats;
});
const waiting = client.submit((beats) => beats * 2, polite);

await hasBegun(polite);
waiting.cancel();
polite.cancel();
console.log("waiting:", waiting.status, "polite:", polite.status);
await polite
  .result()
  .catch((error) => console.log("result() throws a CancelledError:", error instanceof CancelledError));

const stubborn = client.submit(() => {
  for (;;);
});
await hasBegun(stubborn);
await client.cancel(stubborn, { force: true }); // ends its thread; another takes its place
console.log("stubborn:", stubborn.status);
console.log("and the cluster goes on:", await client.submit(() => "of course").result());

await client.close();

async function hasBegun(future) {
  while (future.status === "pending") await new Promise((resolve) => setTimeout(resolve, 10));
}
