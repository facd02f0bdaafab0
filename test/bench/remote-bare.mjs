// @ts-check
/** The other end of a WebSocket written by hand: sends back what it gets, by way of a thread if asked to, or many bytes in messages as large as is said. */
import { isMainThread, parentPort, Worker } from "node:worker_threads";
import { WebSocketServer } from "ws";

const HIGH_WATER_BYTES = 1024 * 1024;

if (isMainThread) listen();
else parentPort?.on("message", (word) => parentPort?.postMessage(word));

function listen() {
  const thread = new Worker(new URL(import.meta.url));

  const server = new WebSocketServer({ port: 0, host: "127.0.0.1", perMessageDeflate: false });
  server.on("connection", (socket) => {
    socket.on("message", async (data) => {
      const text = String(data);
      if (text.startsWith("thread ")) {
        thread.once("message", (word) => socket.send(JSON.stringify(word)));
        return thread.postMessage(JSON.parse(text.slice(7)));
      }
      if (text.startsWith("echo ")) return socket.send(JSON.stringify(JSON.parse(text.slice(5))));
      const [, count, chunk] = text.split(" ").map(Number);
      const [bytes, step] = [new Uint8Array(count ?? 0), chunk ?? 65536];
      for (let at = 0; at < bytes.length; at += step) {
        socket.send(bytes.subarray(at, at + step));
        while (socket.bufferedAmount > HIGH_WATER_BYTES) await new Promise((resolve) => setImmediate(resolve));
      }
    });
  });
  server.on("listening", () => console.log(/** @type {import("node:net").AddressInfo} */ (server.address()).port));
}
