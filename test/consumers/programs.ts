/** What the scratch projects run: a few lines of a user, which announce what came out. */

const chain = `
  const client = new Client({ nWorkers: 2 });
  const sum = client.submit((x, y) => x + y, 1, 2);
  const total = client.submit((x, y) => x + y, sum, 10);
  const value = await total.result();
  await client.close();
  return value;`;

/** Uses names of the library inside of tasks, whatever the bundler has made of them by then. */
export const namesProgram = `import { Client, Queue, asCompleted, getClient, getTask } from "manyhands";
const chain = async (x) => {
  if (getTask().attempt !== 1) throw new Error("not the first");
  const client = getClient();
  const queue = new Queue();
  await queue.put(await client.submit((a) => a + 2, x).result());
  for await (const future of asCompleted([client.submit((a) => a, 10)])) await queue.put(await future.result());
  return (await queue.get()) + (await queue.get());
};
(async () => {
  const client = new Client({ nWorkers: 2 });
  const value = await client.submit(chain, 1).result();
  await client.close();
  return value;
})().then((value) => value, (error) => error.stack || String(error)).then((value) => console.log("outcome: " + value));\n`;

/** Has a promise's outcome announced. */
export const announce = `.then((value) => value, (error) => error.stack || String(error)).then((value) => console.log("outcome: " + value));`;

/** What every program below comes to. */
export const expected = "13";

/** For a bundler, a browser's module loader or Node: two tasks, the second with the first one's future. */
export const moduleProgram = `import { Client } from "manyhands";\n(async () => {${chain}\n})()${announce}\n`;

/** The same after `<script src="manyhands.js">`. */
export const scriptProgram = `(async () => {\n  const { Client } = manyhands;${chain}\n})()${announce}\n`;

const moduleChain = `
  const client = new Client({ nWorkers: 2 });
  const value = await client.submit(work.add, client.submit(work.add, 1, 2), 10).result();
  await client.close();
  return value;`;

/** The same sum by functions of a module of the user's own, found the way bundlers understand. */
export const importProgram = `import { Client, fromModule } from "manyhands";
const work = fromModule(new URL("./work.js", import.meta.url));
(async () => {${moduleChain}\n})()${announce}\n`;

/** The same after `<script src="manyhands.js">`. */
export const scriptImportProgram = `(async () => {
  const { Client, fromModule } = manyhands;
  const work = fromModule(new URL("work.js", document.baseURI));${moduleChain}\n})()${announce}\n`;

/** The module itself, as the workers import it. */
export const workModule = "export const add = (x, y) => x + y;\n";

/** An HTML page with these scripts; a specifier such as `manyhands` is for a bundler to resolve. */
export function page(...scripts: readonly string[]): string {
  return `<!doctype html>\n<meta charset="utf-8">\n<title>consumer</title>\n<link rel="icon" href="data:,">\n${scripts.join("\n")}\n`;
}
