/** Serves the built library, the benchmark and its peers to a browser on this machine. */
import { createReadStream, statSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const served = ["/dist/", "/test/bench/", "/test/soak/", "/node_modules/"];
const types = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".mjs": "text/javascript; charset=utf-8",
  ".map": "application/json",
};

function fileFor(url) {
  const path = normalize(decodeURIComponent(url.split("?", 1)[0]));
  if (!served.some((folder) => path.startsWith(folder))) return undefined;
  const file = join(root, path);
  return statSync(file, { throwIfNoEntry: false })?.isFile() ? file : undefined;
}

/** @param isolated sends the headers that give a page SharedArrayBuffer. */
export async function startServer({ isolated }) {
  const headers = isolated
    ? {
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Embedder-Policy": "require-corp",
        "Cross-Origin-Resource-Policy": "same-origin",
      }
    : {};
  const server = createServer((request, response) => {
    const file = fileFor(request.url);
    if (file === undefined) {
      response.writeHead(404).end("no such file");
      return;
    }
    const type = types[extname(file)] ?? "application/octet-stream";
    response.writeHead(200, { ...headers, "Content-Type": type });
    createReadStream(file).pipe(response);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    address: `http://127.0.0.1:${server.address().port}`,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}
