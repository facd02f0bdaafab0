/**
 * Processes for strangers' tasks, under Node's permission model: one for each worker, which reads no files but its own, writes none,
 * starts no programs and no threads. The network stays open to it. From both sides.
 */

import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { PlatformThread, ThreadEndpoint } from "../ports/spawner.ts";
import { isGivenUp } from "../protocol/errors.ts";

/** What goes to and fro: a message of the thread's, in which ports are numbered; what comes through such a port; or that one is closed. */
type Word =
  | { readonly message: unknown; readonly ports?: readonly number[] }
  | { readonly port: number; readonly data: unknown }
  | { readonly closed: number };

/** Stands in a message for the port of that number. */
interface PortMark {
  readonly sandboxPort: number;
}

/** The owner's side. `file` is what the process runs. */
export function inSandbox(file: URL): PlatformThread {
  const path = fileURLToPath(file);
  const flag = process.allowedNodeEnvironmentFlags.has("--permission") ? "--permission" : "--experimental-permission";
  const child = fork(path, [], {
    execArgv: [flag, `--allow-fs-read=${path}`, "--no-warnings"],
    serialization: "advanced",
    env: {},
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  child.unref();
  child.channel?.unref();
  const line = new Line((word) => child.connected && child.send(word));
  child.on("message", (word) => line.hear(word as Word));
  return {
    postMessage: (message, transfer) => line.post(message, transfer),
    onMessage: (hear) => line.onMessage(hear),
    onEnd: (ended) => {
      let isOver = false;
      const end = (reason: string) => {
        if (isOver) return;
        isOver = true;
        line.end();
        ended(reason);
      };
      child.on("error", (error) => end(error.message));
      child.on("exit", (code, signal) => end(`its process ended with ${signal ?? `exit code ${code}`}`));
    },
    terminate: () => child.kill("SIGKILL"),
  };
}

/** The process's side. */
export function toOwner(): ThreadEndpoint {
  const line = new Line((word) => process.send?.(word));
  process.on("message", (word) => line.hear(word as Word));
  process.on("disconnect", () => process.exit());
  process.on("unhandledRejection", (reason) => {
    if (!isGivenUp(reason)) throw reason;
  });
  return {
    postMessage: (message, transfer) => line.post(message, transfer),
    onMessage: (hear) => line.onMessage(hear),
  };
}

/** One end. Ports cannot be sent to another process: what comes through them is, and goes on through another there. */
class Line {
  readonly #send: (word: Word) => void;
  readonly #ports = new Map<number, MessagePort>();
  readonly #hearers: ((message: unknown) => void)[] = [];
  #count = 0;

  constructor(send: (word: Word) => void) {
    this.#send = send;
  }

  onMessage(hear: (message: unknown) => void): void {
    this.#hearers.push(hear);
  }

  post(message: unknown, transfer: readonly object[]): void {
    const ports = transfer.filter((each) => each instanceof MessagePort);
    if (ports.length === 0) return this.#send({ message });
    const numbers = new Map(ports.map((port) => [port as object, this.#keep(port, ++this.#count)]));
    this.#send({ message: mark(message, numbers), ports: [...numbers.values()] });
  }

  hear(word: Word): void {
    if ("message" in word) {
      const made = new Map<number, MessagePort>();
      for (const number of word.ports ?? []) {
        const { port1, port2 } = new MessageChannel();
        this.#keep(port1, number);
        made.set(number, port2);
      }
      const message = made.size === 0 ? word.message : unmark(word.message, made);
      for (const hear of this.#hearers) hear(message);
    } else if ("port" in word) this.#ports.get(word.port)?.postMessage(word.data);
    else {
      this.#ports.get(word.closed)?.close();
      this.#ports.delete(word.closed);
    }
  }

  end(): void {
    for (const port of this.#ports.values()) port.close();
    this.#ports.clear();
  }

  #keep(port: MessagePort, number: number): number {
    this.#ports.set(number, port);
    port.onmessage = ({ data }) => this.#send({ port: number, data });
    port.addEventListener("close", () => {
      if (this.#ports.delete(number)) this.#send({ closed: number });
    });
    (port as unknown as { unref?: () => void }).unref?.();
    return number;
  }
}

/** Ports are only in the arguments of calls. */
function mark(value: unknown, numbers: ReadonlyMap<object, number>): unknown {
  const number = numbers.get(value as object);
  if (number !== undefined) return { sandboxPort: number } satisfies PortMark;
  if (Array.isArray(value)) return value.map((each) => mark(each, numbers));
  if (!isPlain(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, mark(each, numbers)]));
}

function unmark(value: unknown, ports: ReadonlyMap<number, MessagePort>): unknown {
  if (Array.isArray(value)) return value.map((each) => unmark(each, ports));
  if (!isPlain(value)) return value;
  const number = (value as Partial<PortMark>).sandboxPort;
  if (number !== undefined) return ports.get(number);
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, unmark(each, ports)]));
}

function isPlain(value: unknown): value is object {
  return typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}
