// Hello: `submit` hands a function to some worker and returns a future at once; futures as arguments chain tasks.
import { Client } from "manyhands";

const client = new Client(); // one worker per core

const three = client.submit((a, b) => a + b, 1, 2);
const thirty = client.submit((x) => x * 10, three); // starts when `three` is there; its value never comes here
const words = client.submit((x) => `hello from a worker, ${x} times`, thirty);

console.log(words.status); // pending
console.log(await words.result()); // hello from a worker, 30 times
console.log(words.status); // finished

await client.close();
