/** A TCP proxy between two that speak to each other, which cuts, holds up and slows down what it carries. */
import { type AddressInfo, createServer, connect as open, type Server, type Socket } from "node:net";

export class TcpProxy {
  readonly #server: Server;
  readonly #pairs = new Set<readonly [Socket, Socket]>();
  #isHeld = false;
  #isShut = false;
  /** What comes arrives so much later. Milliseconds. */
  delayMs = 0;
  /** Of so many pieces one is lost on the way, and comes when it has been sent again: by so much later, and all behind it waits. 0: none is. */
  loseEvery = 0;
  resendMs = 100;
  /** How many connections were made through it, and pieces lost. */
  connections = 0;
  lost = 0;
  #pieces = 0;
  /** Looks at what passes. */
  look: (bytes: Uint8Array) => void = () => {};

  private constructor(server: Server) {
    this.#server = server;
  }

  static async to(port: number): Promise<TcpProxy> {
    const server = createServer();
    const proxy = new TcpProxy(server);
    server.on("connection", (near) => proxy.#carry(near, port));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** The connections there are break. */
  cut(): void {
    for (const pair of [...this.#pairs]) for (const socket of pair) socket.destroy();
  }

  /** Nothing arrives any more, and nobody is told: what is called half-open. Until it is let go. */
  hold(): void {
    this.#isHeld = true;
    for (const pair of this.#pairs) for (const socket of pair) socket.pause();
  }

  letGo(): void {
    this.#isHeld = false;
    for (const pair of this.#pairs) for (const socket of pair) socket.resume();
  }

  /** New connections are refused, or accepted again. */
  shut(isShut = true): void {
    this.#isShut = isShut;
  }

  async close(): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #carry(near: Socket, port: number): void {
    if (this.#isShut) {
      near.destroy();
      return;
    }
    this.connections += 1;
    const far = open(port, "127.0.0.1");
    const pair = [near, far] as const;
    this.#pairs.add(pair);
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      const onTheWay: Uint8Array[] = [];
      let last = 0;
      from.on("data", (bytes) => {
        this.look(bytes);
        const isLost = this.loseEvery > 0 && ++this.#pieces % this.loseEvery === 0;
        if (isLost) this.lost += 1;
        last = Math.max(last, performance.now() + this.delayMs + (isLost ? this.resendMs : 0));
        const waitMs = last - performance.now();
        if (waitMs < 1 && onTheWay.length === 0) return void to.write(bytes);
        onTheWay.push(bytes);
        // In order, whichever timer is first.
        setTimeout(() => to.write(onTheWay.shift() as Uint8Array), waitMs);
      });
      from.on("error", () => {});
      from.on("close", () => {
        this.#pairs.delete(pair);
        to.destroy();
      });
      if (this.#isHeld) from.pause();
    }
  }
}
