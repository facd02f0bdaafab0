// @ts-check
/** The pages beside the render: `manyhands demo`, in a process of its own, for as long as this one. */
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { BadInput } from "./bad-input.mjs";

const cli = fileURLToPath(new URL("../../dist/node-cli.js", import.meta.url));

/**
 * Settles when the pages are served, with where. Whoever comes by these addresses may use the scheduler there: their fragments are its secret.
 *
 * @param {{ host: string, port: string | undefined, workers: number }} options
 * @throws {BadInput} if it cannot be listened there
 * @returns {Promise<{ urls: string[], ended: Promise<void>, close: () => void }>}
 */
export async function servePages({ host, port, workers }) {
  const [client, worker] = [randomBytes(16).toString("hex"), randomBytes(16).toString("hex")];
  const args = [
    "demo",
    "--json",
    "--host",
    host,
    "--workers",
    `${workers}`,
    ...(port === undefined ? [] : ["--port", port]),
  ];
  const child = spawn(process.execPath, [cli, ...args], {
    stdio: ["ignore", "ignore", "pipe"],
    env: { ...process.env, MANYHANDS_CLIENT_TOKEN: client, MANYHANDS_WORKER_TOKEN: worker },
  });
  const close = () => void child.kill();
  process.once("exit", close);
  /** @type {Promise<void>} */
  const ended = new Promise((resolve) => child.once("exit", () => resolve()));
  /** @type {string[]} */
  const urls = [];
  /** What it said that tells of no address. @type {string[]} */
  const complaints = [];
  for await (const line of createInterface({ input: child.stderr })) {
    const { event, url } = line.startsWith("{") ? JSON.parse(line) : { event: undefined, url: undefined };
    if (event === "listening") urls.push(`${url}#scheduler=${client}`);
    else if (event === "ready") return { urls, ended, close };
    else complaints.push(line);
  }
  throw new BadInput(complaints.join("\n") || "the pages could not be served");
}
