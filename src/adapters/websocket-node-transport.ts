/** WebSockets in Node, by the package `ws`: opens them to addresses, and accepts them. */

import { createServer as createPlainServer, type IncomingMessage, type Server } from "node:http";
import { createServer as createSecureServer } from "node:https";
import { type AddressInfo, isIPv6, type Socket } from "node:net";
import { networkInterfaces } from "node:os";
import type { Duplex } from "node:stream";
import { WebSocketServer } from "ws";
import type { Connector, ConnectorOptions, Listener, OpenedWire, Transport } from "../ports/connector.ts";
import { CommClosedError, UnauthorizedError } from "../protocol/errors.ts";
import { NodeWebSocketWire, openSocket } from "./websocket-node.ts";

/** No message is longer. */
const MOST_BYTES = 2 ** 20;
/** For a connection that a listener has accepted to become a WebSocket. Milliseconds. */
const UPGRADE_MS = 10_000;

const connector: Connector = {
  connect: (address, { ca, cert, key }, signal) =>
    new Promise<OpenedWire>((resolve, reject) => {
      const { socket, wire } = openSocket(address, ca);
      const fail = (error: unknown) => {
        socket.on("error", () => {}); // It may have more to say.
        socket.terminate();
        reject(error);
      };
      if (signal.aborted) return fail(signal.reason);
      signal.addEventListener("abort", () => fail(signal.reason));
      const failed = (error: Error) => fail(unreachable(address, error));
      socket.once("error", failed);
      socket.once("unexpected-response", (_, { statusCode }) =>
        fail(unreachable(address, new Error(`who answers there is no scheduler (HTTP ${statusCode})`))),
      );
      let stream: Socket | undefined;
      let here: AddressInfo | undefined;
      socket.once("upgrade", (response) => {
        stream = response.socket;
        here = stream.address() as AddressInfo;
      });
      socket.once("open", () => {
        socket.off("error", failed);
        resolve({
          wire,
          listenAt: listenAt(address, here, cert !== undefined && key !== undefined),
          unref: () => stream?.unref(),
        });
      });
    }),
};

/** Where others that are as near as whoever answered at `address` can come to; not in clear if we did not. */
function listenAt(address: string, here: AddressInfo | undefined, hasCertificate: boolean): string | undefined {
  if (here === undefined || (address.startsWith("wss:") && !hasCertificate)) return undefined;
  return `${address.slice(0, address.indexOf(":"))}://${hostName(here.address)}:0`;
}

const listener: Listener = {
  listen: async (address, options, onWire) => {
    const { hostname, port, protocol, pathname } = new URL(address);
    const host = hostname.replace(/^\[|\]$/g, "");
    const isLocal = isLoopback(host);
    if (options.isOpen && !isLocal) {
      throw new UnauthorizedError(`${address} can be reached from other machines: do not listen there without tokens`);
    }
    const there = options.server as Server | undefined;
    const server = there ?? serverFor(protocol, options);
    const sockets = new WebSocketServer({
      ...(there === undefined ? { server } : { noServer: true }),
      perMessageDeflate: false,
      maxPayload: MOST_BYTES,
      // A page of anybody's may open WebSockets to this machine: where no token is asked for, it must not come from elsewhere.
      verifyClient: ({ origin }: { origin?: string }) =>
        !options.isOpen || origin === undefined || isLoopback(hostOf(origin)),
    });
    sockets.on("error", () => {}); // The server says it, too.
    sockets.on("connection", (socket, { socket: stream }) => {
      const wire = new NodeWebSocketWire(socket);
      wire.writeTo(stream, false);
      onWire(wire, { origin: plainAddress(stream.remoteAddress ?? "unknown") });
    });
    if (there !== undefined) {
      const leave = answerUpgrades(there, pathname, sockets);
      return { address, isLoopback: isLocal, close: async () => leave() };
    }
    await new Promise<void>((resolve, reject) => {
      server.once("error", (error) =>
        reject(new Error(`cannot listen at ${address}: ${error.message}`, { cause: error })),
      );
      server.listen({ host, port: port === "" ? defaultPort(protocol) : Number(port) }, resolve);
    });
    server.on("error", () => {}); // One connection that goes wrong is its own affair.
    const at = server.address() as AddressInfo;
    return {
      address: `${protocol}//${hostName(reachable(at.address))}:${at.port}`,
      isLoopback: isLocal,
      close: () =>
        new Promise<void>((resolve) => {
          sockets.close();
          server.close(() => resolve());
          resolve(); // Connections that are open stay so, and would be waited for.
        }),
    };
  },
};

export const websocketTransport: Transport = { connector, listener, hasLines: true };

/** Has those upgrades of a server answered that are for `path`; returns how to stop that. */
function answerUpgrades(server: Server, path: string, sockets: WebSocketServer): () => void {
  const upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    if ((request.url ?? "").replace(/\?.*$/s, "") === path) {
      sockets.handleUpgrade(request, socket, head, (open) => sockets.emit("connection", open, request));
    } else if (server.listenerCount("upgrade") === 1) socket.destroy(); // Nobody else is there to answer.
  };
  server.on("upgrade", upgrade);
  return () => {
    server.off("upgrade", upgrade);
    sockets.close();
  };
}

function serverFor(protocol: string, { cert, key }: ConnectorOptions): Server {
  const answer = (_: unknown, response: { writeHead(code: number): { end(text: string): void } }) =>
    response.writeHead(426).end("This is a manyhands scheduler: speak to it by WebSocket.\n");
  if (protocol !== "wss:") return createPlainServer({ connectionsCheckingInterval: UPGRADE_MS }, answer as never);
  if (cert === undefined || key === undefined) throw new TypeError("wss: needs { cert, key }, in PEM");
  return createSecureServer({ cert, key, connectionsCheckingInterval: UPGRADE_MS }, answer as never);
}

function unreachable(address: string, cause: Error): CommClosedError {
  return new CommClosedError(`${address} cannot be reached: ${cause.message || String(cause)}`, { address }, { cause });
}

function defaultPort(protocol: string): number {
  return protocol === "wss:" ? 443 : 80;
}

/** An IPv4 address may come in the clothes of an IPv6 one. */
function plainAddress(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.)/, "");
}

function hostName(address: string): string {
  const plain = plainAddress(address);
  return isIPv6(plain) ? `[${plain}]` : plain;
}

function hostOf(origin: string): string {
  return URL.canParse(origin) ? new URL(origin).hostname.replace(/^\[|\]$/g, "") : "";
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127\.\d+\.\d+\.\d+$/.test(host);
}

/** For whoever listens everywhere: an address that others know this machine by. */
function reachable(address: string): string {
  if (address !== "0.0.0.0" && address !== "::") return address;
  const all = Object.values(networkInterfaces()).flat();
  return all.find((each) => each?.internal === false && each.family === "IPv4")?.address ?? "127.0.0.1";
}
