/** Serves routes over HTTP, with Node's own server. It keeps no process alive. */

import { createHash, timingSafeEqual } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { HttpOptions, HttpRoutes, HttpServing } from "../ports/http.ts";

/** Nobody's page may be made to show another's, nor to run what is not ours. */
const HEADERS = {
  "cache-control": "no-store",
  "content-security-policy":
    "default-src 'none'; script-src 'self'; style-src 'unsafe-inline'; connect-src 'self'; img-src data:; frame-ancestors 'none'; base-uri 'none'",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
};

export async function serveHttp(routes: HttpRoutes, { port, host, token }: HttpOptions): Promise<HttpServing> {
  const server = createServer((request, response) => {
    answer(routes, request, response, host, token).catch(() => response.destroy());
  });
  server.unref();
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => resolve());
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function answer(
  routes: HttpRoutes,
  request: IncomingMessage,
  response: ServerResponse,
  host: string,
  token: string | undefined,
): Promise<void> {
  const { pathname, searchParams } = new URL(request.url ?? "/", "http://here");
  const refuse = (status: number, text: string) =>
    response.writeHead(status, { "content-type": "text/plain" }).end(`${text}\n`);
  if (request.method !== "GET" && request.method !== "HEAD") return void refuse(405, "only GET is answered");
  // A page of somebody else's that has had its name point here would be let in otherwise.
  if (isLoopback(host) && !isLoopback(nameIn(request.headers.host ?? ""))) return void refuse(403, "ask for localhost");
  const given = searchParams.get("token") ?? /^Bearer (.+)$/.exec(request.headers.authorization ?? "")?.[1];
  // Scripts are the same for everybody, and tell nothing.
  const isSecret = !pathname.endsWith(".js");
  if (isSecret && token !== undefined && !isEqual(given ?? "", token))
    return void refuse(401, "the token is missing or wrong");
  const gone = new AbortController();
  response.once("close", () => gone.abort());
  const reply = await routes(pathname, gone.signal, searchParams);
  if (reply === undefined) return void refuse(404, "there is nothing here");
  response.writeHead(reply.status ?? 200, { ...HEADERS, "content-type": reply.type });
  if (request.method === "HEAD") return void response.end();
  if (typeof reply.body === "string") return void response.end(reply.body);
  request.socket.unref();
  for await (const part of reply.body) {
    if (gone.signal.aborted) break;
    if (!response.write(part)) await drained(response, gone.signal);
  }
  response.end();
}

/** Settles when more can be written, or nobody reads any more. */
function drained(response: ServerResponse, gone: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      response.off("drain", end);
      gone.removeEventListener("abort", end);
      resolve();
    };
    response.once("drain", end);
    gone.addEventListener("abort", end);
  });
}

function nameIn(host: string): string {
  return host.replace(/:\d+$/, "");
}

function isLoopback(host: string): boolean {
  return /^(localhost|127(\.\d+){3}|\[?::1\]?)$/.test(host);
}

/** Takes as long however much of it is right. */
function isEqual(a: string, b: string): boolean {
  const digest = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}
