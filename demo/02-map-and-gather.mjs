// Map and gather: one task for each element, all the results at once.
import { Client } from "manyhands";

function countPrimes(from, to) {
  let count = 0;
  for (let n = Math.max(2, from); n < to; n++) {
    let isPrime = true;
    for (let d = 2; isPrime && d * d <= n; d++) isPrime = n % d !== 0;
    if (isPrime) count++;
  }
  return count;
}

const client = new Client();

const starts = Array.from({ length: 16 }, (_, i) => i * 50_000);
const ends = starts.map((start) => start + 50_000);
const counts = client.map(countPrimes, starts, ends); // several lists go in step, as arguments
const total = client.submit((parts) => parts.reduce((a, b) => a + b), counts); // futures may be anywhere in an argument

console.log("primes in each 50,000:", (await client.gather(counts)).join(" "));
console.log("primes below 800,000:", await total.result()); // 63951

await client.close();
