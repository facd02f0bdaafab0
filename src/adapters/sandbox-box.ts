/**
 * A box for threads that run what strangers send: an iframe of an origin of its own, under a policy that lets nothing out. The threads in it
 * reach no network, no storage, no cookies and not the page around them; all they have is the line to their owner.
 *
 * What the attribute `sandbox` does is to take away the page's origin; what shuts off the network is the policy. Both are bound to the
 * threads as well, and to threads that these start. Nothing is exposed to the inside: it is told to start and to end threads, and
 * what it says is looked at.
 */

import type { PlatformThread } from "../ports/spawner.ts";

/** For the box to say that it is there. Milliseconds. */
const START_MS = 5_000;

/** What the page says to the box. */
export type BoxOrder =
  | { readonly type: "start"; readonly id: number; readonly text: string }
  | { readonly type: "end"; readonly id: number };

/** What the box says to the page. */
type BoxWord = { readonly type: "there" } | { readonly type: "ended"; readonly id: number; readonly reason: string };

function isBoxWord(word: unknown): word is BoxWord {
  const { type, id, reason } = (word ?? {}) as { type?: unknown; id?: unknown; reason?: unknown };
  return type === "there" || (type === "ended" && typeof id === "number" && typeof reason === "string");
}

/** Starts threads in a box. The first makes the box, which stays. */
export class Sandbox {
  readonly #text: string;
  readonly #ends = new Map<number, (reason: string) => void>();
  #box: Promise<MessagePort> | undefined;
  #frame: HTMLIFrameElement | undefined;
  #started = 0;

  /** `text`: what each thread runs. */
  constructor(text: string) {
    this.#text = text;
  }

  /** Rejects if the page's policy, or the browser, does not allow for a box. */
  async start(): Promise<PlatformThread> {
    this.#box ??= this.#make();
    const box = await this.#box;
    const id = this.#started++;
    const { port1: line, port2: end } = new MessageChannel();
    let isOver = false;
    const order = (word: BoxOrder, transfer: Transferable[] = []) => box.postMessage(word, transfer);
    order({ type: "start", id, text: this.#text }, [end]);
    return {
      postMessage: (message, transfer) => {
        if (!isOver) line.postMessage(message, transfer as Transferable[]);
      },
      onMessage: (hear) => {
        line.addEventListener("message", ({ data }) => {
          if (!isOver) hear(data);
        });
        line.start();
      },
      onEnd: (ended) => {
        const finish = (reason: string) => {
          if (isOver) return;
          isOver = true;
          this.#ends.delete(id);
          line.close();
          ended(reason);
        };
        this.#ends.set(id, finish);
        line.addEventListener("messageerror", () => finish("a message could not be read"));
      },
      terminate: () => {
        isOver = true;
        this.#ends.delete(id);
        line.close();
        order({ type: "end", id });
      },
    };
  }

  /** Ends the box with all that runs in it. */
  remove(reason: string): void {
    this.#frame?.remove();
    this.#frame = undefined;
    this.#box = undefined;
    for (const end of [...this.#ends.values()]) end(reason);
  }

  #make(): Promise<MessagePort> {
    const frame = document.createElement("iframe");
    // Where the page's policy lets in its own scripts by a nonce, it is bound by that as well.
    const ofPage = document.querySelector<HTMLScriptElement>("script[nonce]")?.nonce;
    const nonce = ofPage || crypto.getRandomValues(new Uint32Array(4)).join("-");
    frame.setAttribute("sandbox", "allow-scripts");
    // Nothing of what a browser may let frames do, either.
    frame.setAttribute("allow", "");
    frame.setAttribute("referrerpolicy", "no-referrer");
    frame.srcdoc = boxSource(nonce);
    frame.title = "";
    frame.tabIndex = -1;
    frame.setAttribute("aria-hidden", "true");
    frame.style.cssText = "position:fixed;width:0;height:0;border:0;visibility:hidden";
    const made = new Promise<MessagePort>((resolve, reject) => {
      const late = setTimeout(() => reject(new Error(NO_BOX)), START_MS);
      const { port1: here, port2: there } = new MessageChannel();
      here.onmessage = ({ data }: MessageEvent<unknown>) => {
        if (!isBoxWord(data)) return;
        if (data.type === "ended") return this.#ends.get(data.id)?.(data.reason);
        clearTimeout(late);
        resolve(here);
      };
      frame.addEventListener("load", () => frame.contentWindow?.postMessage("manyhands", "*", [there]), { once: true });
    });
    this.#frame = frame;
    document.documentElement.append(frame);
    made.catch(() => this.remove(NO_BOX));
    return made;
  }
}

const NO_BOX =
  "no sandbox can be made in this page: its Content-Security-Policy has to allow blob:, and the script of the box by the nonce of its own scripts or by its hash";

/** The document of a box: its policy first, and a script that starts and ends threads. */
function boxSource(nonce: string): string {
  const policy = [
    "default-src 'none'",
    `script-src 'nonce-${nonce}' blob: 'unsafe-eval' 'wasm-unsafe-eval'`,
    "worker-src blob:",
    "connect-src 'none'",
  ].join("; ");
  return `<!doctype html><meta http-equiv="Content-Security-Policy" content="${policy}"><script nonce="${nonce}">${boxScript()}</script>`;
}

/** The script, whose hash a page's policy may name. */
export function boxScript(): string {
  return `(${inside})(${threadPrelude})`;
}

/** Runs in the box, from its source: nothing of this file is in scope. */
function inside(prelude: () => void): void {
  addEventListener(
    "message",
    ({ source, ports: [page] }) => {
      if (source !== parent || page === undefined) return;
      const threads = new Map<number, Worker>();
      page.onmessage = ({ data: order, ports: [line] }: MessageEvent<BoxOrder>) => {
        const { id } = order;
        const end = (reason: string) => {
          if (!threads.delete(id)) return;
          worker.terminate();
          page.postMessage({ type: "ended", id, reason });
        };
        if (order.type === "end") {
          threads.get(id)?.terminate();
          threads.delete(id);
          return;
        }
        const url = URL.createObjectURL(new Blob([`(${prelude})();`, order.text], { type: "text/javascript" }));
        const worker = new Worker(url);
        threads.set(id, worker);
        worker.onerror = (event) => {
          event.preventDefault();
          end(event.message || "it could not be started");
        };
        worker.postMessage(undefined, [line as MessagePort]);
      };
      page.postMessage({ type: "there" });
    },
    { once: true },
  );
}

/**
 * Runs first in each thread, from its source: what the thread says to its owner, and hears, goes by the line that comes with the first
 * message, past the box.
 */
function threadPrelude(): void {
  const scope = globalThis as unknown as EventTarget & { postMessage(message: unknown, transfer?: unknown): void };
  let line: MessagePort | undefined;
  let held: [unknown, Transferable[]][] | undefined = [];
  scope.postMessage = (message: unknown, transfer?: unknown) => {
    const list = (transfer ?? []) as Transferable[];
    if (held === undefined) line?.postMessage(message, list);
    else held.push([message, list]);
  };
  scope.addEventListener(
    "message",
    (event) => {
      event.stopImmediatePropagation();
      const [port] = (event as MessageEvent).ports;
      line = port;
      for (const [message, list] of held ?? []) line?.postMessage(message, list);
      held = undefined;
      if (port === undefined) return;
      port.onmessage = ({ data, ports }) => {
        scope.dispatchEvent(new MessageEvent("message", { data, ports: [...ports] }));
      };
    },
    { once: true },
  );
}
