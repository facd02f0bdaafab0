/**
 * Networks of this machine alone, for root with Debian's iproute2: namespaces, each joined to ours by a pair of interfaces.
 *
 * Not for tests beside which a browser runs: where an interface comes or goes, Chromium gives up what it is loading, whatever by
 * (`net::ERR_NETWORK_CHANGED`), and a page lacks one of its scripts.
 */
import { execFileSync } from "node:child_process";

const sh = (...words: readonly string[]) => execFileSync(words[0] as string, words.slice(1), { stdio: "pipe" });

/** Why there can be no such networks here; undefined if there can. */
export function obstacle(): string | undefined {
  if (process.getuid?.() !== 0) return "only root can make network namespaces";
  try {
    sh("ip", "netns", "add", "manyhands-probe");
    sh("ip", "netns", "del", "manyhands-probe");
    sh("tc", "-V");
    return undefined;
  } catch (error) {
    return `network namespaces cannot be made here (Debian: apt-get install iproute2): ${(error as Error).message.split("\n")[0]}`;
  }
}

/** A namespace joined to this one by a pair of interfaces. */
export class Network {
  readonly name: string;
  readonly #number: number;
  constructor(number: number) {
    this.#number = number;
    this.name = `manyhands-${process.pid}-${number}`;
    this.remove();
    sh("ip", "netns", "add", this.name);
    sh("ip", "link", "add", this.near, "type", "veth", "peer", "name", "far", "netns", this.name);
    sh("ip", "addr", "add", `10.231.${number}.1/24`, "dev", this.near);
    sh("ip", "link", "set", this.near, "up");
    this.inside("ip", "addr", "add", this.#address(2), "dev", "far");
    this.inside("ip", "link", "set", "far", "up");
    this.inside("ip", "link", "set", "lo", "up");
    // No way to the others' networks: hosts of two namespaces do not reach each other.
  }
  get near(): string {
    return `mh${process.pid % 10_000}-${this.#number}`;
  }
  get gateway(): string {
    return `10.231.${this.#number}.1`;
  }
  get within(): readonly string[] {
    return ["ip", "netns", "exec", this.name];
  }
  #address(last: number): string {
    return `10.231.${this.#number}.${last}/24`;
  }
  /** Runs a program there, and returns what it says. */
  inside(...words: readonly string[]): string {
    return sh(...this.within, ...words).toString();
  }
  cut(isCut: boolean): void {
    sh("ip", "link", "set", this.near, isCut ? "down" : "up");
  }
  shape(...how: readonly string[]): void {
    sh("tc", "qdisc", "replace", "dev", this.near, "root", "netem", ...how);
    this.inside("tc", "qdisc", "replace", "dev", "far", "root", "netem", ...how);
  }
  /** Whatever is inside goes by another address from now on, as when somebody walks out of a house: what it had opened leads nowhere, and nobody is told. */
  move(from: number, to: number): void {
    this.inside("ip", "addr", "del", this.#address(from), "dev", "far");
    this.inside("ip", "addr", "add", this.#address(to), "dev", "far");
  }
  remove(): void {
    // The interface too, for a namespace takes a while to be gone with all that is in it.
    for (const words of [
      ["ip", "link", "del", this.near],
      ["ip", "netns", "del", this.name],
    ]) {
      try {
        sh(...words);
      } catch {
        // It was not there.
      }
    }
  }
}
