// @ts-check
/** Serves the pages of the bench of peers. */
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const top = fileURLToPath(new URL("../../../", import.meta.url));

const page = `<!doctype html><meta charset="utf-8"><title>loading</title>
<script src="/node_modules/peerjs/dist/peerjs.min.js"></script>
<script type="module" src="/test/bench/peers/page.mjs"></script>`;

/** As many of these as are asked for, in frames. */
const frames = `<!doctype html><meta charset="utf-8"><title>ready</title><body><script>
for (let i = Number(new URLSearchParams(location.search).get("count")); i > 0; i--)
  document.body.append(Object.assign(document.createElement("iframe"), { src: "/bench.html" }));
</script></body>`;

export async function servePeers() {
  const { outputFiles } = await build({
    entryPoints: [join(top, "test/bench/peers/echo-worker.ts")],
    bundle: true,
    minify: true,
    write: false,
    format: "iife",
    target: "es2022",
  });
  const server = createServer(async ({ url = "/" }, response) => {
    const { pathname } = new URL(url, "http://localhost");
    const isPage = pathname === "/bench.html";
    const isEcho = pathname === "/echo-worker.js";
    const areFrames = pathname === "/frames.html";
    const body = isPage
      ? page
      : areFrames
        ? frames
        : isEcho
          ? outputFiles[0]?.text
          : await readFile(join(top, normalize(pathname))).catch(() => undefined);
    const type = isPage || areFrames || extname(pathname) === ".html" ? "text/html" : "text/javascript";
    response.writeHead(body ? 200 : 404, { "Content-Type": `${type}; charset=utf-8` }).end(body ?? "");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  return {
    /** Another origin: pages of both have no more in common than those of two browsers. */
    otherUrl: `http://localhost:${port}/`,
    url: `http://127.0.0.1:${port}/`,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
