/** A static file server on a free port of this machine, which remembers what it was asked for. */
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, normalize } from "node:path";

const types: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json",
  ".map": "application/json",
};

export interface Server {
  /** Ends in a slash. */
  readonly url: string;
  /** The paths that were asked for and found. */
  readonly served: readonly string[];
  close(): Promise<void>;
}

/** The policy that forbids most: own scripts only, no `eval`, no Blob worker, no inline script. */
export const ownScriptsOnly = { "Content-Security-Policy": "script-src 'self'" };

/** `headers` says what goes along with a path, `isThere` whether it is to be found. */
export async function serve(
  root: string,
  headers: (path: string) => Readonly<Record<string, string>> = () => ({}),
  isThere: (path: string) => boolean = () => true,
): Promise<Server> {
  const served: string[] = [];
  const server = createServer(async ({ url = "/" }, response) => {
    const { pathname } = new URL(url, "http://localhost");
    const path = pathname.endsWith("/") ? `${pathname}index.html` : pathname;
    const body = isThere(path) ? await readFile(join(root, normalize(path))).catch(() => undefined) : undefined;
    if (body) served.push(path);
    const type = { "Content-Type": types[extname(path)] ?? "application/octet-stream" };
    response.writeHead(body ? 200 : 404, { ...type, ...headers(path) }).end(body);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    served,
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}
