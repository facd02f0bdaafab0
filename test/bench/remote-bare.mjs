// @ts-check
/** The other end of a WebSocket written by hand: sends back what it gets, or many bytes. */
import { WebSocketServer } from "ws";

const CHUNK_BYTES = 64 * 1024;
const HIGH_WATER_BYTES = 1024 * 1024;

const server = new WebSocketServer({ port: 0, host: "127.0.0.1", perMessageDeflate: false });
server.on("connection", (socket) => {
  socket.on("message", async (data) => {
    const text = String(data);
    if (text.startsWith("echo ")) return socket.send(JSON.stringify(JSON.parse(text.slice(5))));
    const bytes = new Uint8Array(Number(text.slice(5)));
    for (let at = 0; at < bytes.length; at += CHUNK_BYTES) {
      socket.send(bytes.subarray(at, at + CHUNK_BYTES));
      while (socket.bufferedAmount > HIGH_WATER_BYTES) await new Promise((resolve) => setImmediate(resolve));
    }
  });
});
server.on("listening", () => console.log(/** @type {import("node:net").AddressInfo} */ (server.address()).port));
