/** Serves a client's dashboard in Node: part of the door, loaded when it is wanted. */

import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { serveHttp } from "./adapters/http-server.ts";
import type { Client } from "./client/client.ts";
import { dashboardRoutes } from "./dashboard/serving.ts";

export interface DashboardOptions {
  /** Any that is free unless said. */
  readonly port?: number;
  /** Where it is served: on this machine alone, at 127.0.0.1, unless said. */
  readonly host?: string;
  /** What whoever looks must know. One is made unless it is given, but for this machine alone. */
  readonly token?: string;
}

export interface DashboardServer {
  /** For a browser; the token, if there is one, is in it. */
  readonly url: string;
  close(): Promise<void>;
}

export async function serveDashboard(
  client: Client,
  { port = 0, host = "127.0.0.1", token }: DashboardOptions,
): Promise<DashboardServer> {
  const isLocal = /^(localhost|127(\.\d+){3}|::1)$/.test(host);
  const secret = token ?? (isLocal ? undefined : randomBytes(18).toString("base64url"));
  const serving = await serveHttp(dashboardRoutes(client, script), { port, host, token: secret });
  const name = host.includes(":") ? `[${host}]` : host;
  const query = secret === undefined ? "" : `?token=${encodeURIComponent(secret)}`;
  return { url: `http://${name}:${serving.port}/${query}`, close: () => serving.close() };
}

/** The files beside this one are what a page loads. */
function script(name: string): Promise<string | undefined> {
  if (!/^(dashboard|browser-[\w-]+)\.js$/.test(name)) return Promise.resolve(undefined);
  return readFile(new URL(`./${name}`, import.meta.url), "utf8").catch(() => undefined);
}
