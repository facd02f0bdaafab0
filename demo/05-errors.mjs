// Errors: what a task throws arrives as it was thrown, at whoever asks for the result or for anything made from it.
import { Client } from "manyhands";

const client = new Client();

const parsed = client.submit((text) => JSON.parse(text), "{ no json");
const size = client.submit((value) => Object.keys(value).length, parsed); // never runs

try {
  await size.result();
} catch (error) {
  console.log("result() throws:", error instanceof SyntaxError, error.message);
}

// `exception` hands the error over instead.
const refused = client.submit((amount) => {
  if (amount > 100) throw Object.assign(new RangeError(`${amount} is too much`), { limit: 100 });
  return amount;
}, 250);
const error = await refused.exception();
console.log("exception() returns:", error.name, error.message, { limit: error.limit });
console.log("status:", refused.status);

// Of many, those that went well.
const roots = client.map(
  (x) => {
    if (x < 0) throw new RangeError(`no root of ${x}`);
    return Math.sqrt(x);
  },
  [4, -1, 9, -25, 16],
);
console.log("gather, skipping errors:", await client.gather(roots, { errors: "skip" })); // [ 2, 3, 4 ]

await client.close();
