/** Serves the files of one folder over HTTP, with Node's own server. They are read once, and nothing else can be asked for. */

import { readdir, readFile } from "node:fs/promises";
import { createServer, type RequestListener, type Server } from "node:http";
import { extname, join } from "node:path";

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".txt": "text/plain; charset=utf-8",
  ".webp": "image/webp",
};

export interface FilesOptions {
  readonly port: number;
  readonly host: string;
  /** What is answered beside the files, by its path: as JSON. */
  readonly answers?: Readonly<Record<string, unknown>>;
  /** Who answers beside them, by the path, whatever is asked there. */
  readonly listeners?: Readonly<Record<string, RequestListener>>;
}

/** Settles when it can be asked; rejects if the folder cannot be read, or the port is taken. */
export async function serveFiles(
  folder: string,
  { port, host, answers = {}, listeners = {} }: FilesOptions,
): Promise<Server> {
  const names = (await readdir(folder, { withFileTypes: true })).filter((entry) => entry.isFile());
  const files = new Map<string, { readonly name: string; readonly body: Buffer }>(
    await Promise.all(
      names.map(async ({ name }) => [`/${name}`, { name, body: await readFile(join(folder, name)) }] as const),
    ),
  );
  const server = createServer((request, response) => {
    const { url, method } = request;
    // As it stands: what is not a name of the list is nothing, however it is written.
    const pathname = (url ?? "/").replace(/[?#].*$/s, "");
    const listener = Object.hasOwn(listeners, pathname) ? listeners[pathname] : undefined;
    if (listener !== undefined) return listener(request, response);
    const refuse = (status: number, text: string) =>
      void response.writeHead(status, { "content-type": "text/plain" }).end(`${text}\n`);
    if (method !== "GET" && method !== "HEAD") return refuse(405, "only GET is answered");
    const answer = Object.hasOwn(answers, pathname) ? answers[pathname] : undefined;
    const file = files.get(pathname === "/" ? "/index.html" : pathname);
    const name = answer === undefined ? file?.name : "answer.json";
    const body = answer === undefined ? file?.body : JSON.stringify(answer);
    if (name === undefined) return refuse(404, "there is nothing here");
    const type = answer === undefined ? (TYPES[extname(name)] ?? "application/octet-stream") : "application/json";
    response.writeHead(200, {
      "content-type": type,
      "cache-control": "no-cache",
      "referrer-policy": "no-referrer",
      "x-content-type-options": "nosniff",
      // The rest of the policy is in the pages; of the files of threads it would be the policy, and they have to compile what they are sent.
      ...(extname(name) === ".html" && { "content-security-policy": "frame-ancestors 'none'" }),
    });
    response.end(method === "HEAD" ? undefined : body);
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => {
      server.off("error", reject);
      resolve();
    });
  });
  return server;
}
