/** Changes: lets parts of the page follow what goes on, at the pace of the screen. */
import { useEffect, useState } from "preact/hooks";

/** Something that changes, and tells whoever follows it. */
export class Changes {
  readonly #followers = new Set<() => void>();
  #isTelling = false;

  /** Calls `tell` after changes; returns how to stop that. */
  follow(tell: () => void): () => void {
    this.#followers.add(tell);
    return () => this.#followers.delete(tell);
  }

  /** To be called after a change. Several in a turn are told as one. */
  changed(): void {
    if (this.#isTelling) return;
    this.#isTelling = true;
    queueMicrotask(() => {
      this.#isTelling = false;
      for (const tell of this.#followers) tell();
    });
  }
}

/** Has a component drawn again after changes, once a frame at the most. */
export function useChanges(...sources: readonly Changes[]): void {
  const [, redraw] = useState(0);
  useEffect(() => {
    let frame = 0;
    const ask = () => {
      frame ||= requestAnimationFrame(() => {
        frame = 0;
        redraw((count) => count + 1);
      });
    };
    const ends = sources.map((source) => source.follow(ask));
    ask(); // Something may have changed between the drawing and now.
    return () => {
      cancelAnimationFrame(frame);
      for (const end of ends) end();
    };
  }, sources);
}
