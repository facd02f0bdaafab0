/** What keeps a shared object there for the handles of one client: a claim on the task that stands for it. */

import type { SharedKind } from "../../protocol/coordination.ts";
import type { Key } from "../../protocol/identity.ts";
import type { Future } from "../future.ts";
import type { Session } from "../session.ts";

/** A claim that the handles of a client on one object share: a task may make thousands, and none of them need be closed. */
export interface Anchor {
  readonly future: Future;
  /** Handles that have not been closed. */
  handles: number;
}

/** Anchors by key. Nothing is heard of those that are collected with their handles, so dead entries are swept out now and then. */
class Anchors {
  readonly #byKey = new Map<string, WeakRef<Anchor>>();
  #sweepAt = 32;

  get(session: Session, key: Key): Anchor {
    const known = this.#byKey.get(key)?.deref();
    if (known !== undefined && known.handles > 0 && !known.future.cancelled()) return known;
    const anchor: Anchor = { future: session.scatter(null, {}, key), handles: 0 };
    this.#byKey.set(key, new WeakRef(anchor));
    if (this.#byKey.size >= this.#sweepAt) this.#sweep();
    return anchor;
  }

  #sweep(): void {
    for (const [key, reference] of this.#byKey) if (!reference.deref()?.handles) this.#byKey.delete(key);
    this.#sweepAt = 32 + 2 * this.#byKey.size;
  }
}

const anchorsOf = new WeakMap<Session, Anchors>();

/** The anchor of a handle that is made. */
export function anchor(session: Session, kind: SharedKind, name: string): Anchor {
  let anchors = anchorsOf.get(session);
  if (anchors === undefined) {
    anchors = new Anchors();
    anchorsOf.set(session, anchors);
  }
  const found = anchors.get(session, `${kind}://${name}`);
  found.handles += 1;
  return found;
}

/** The handle is closed. */
export function letGo(anchor: Anchor): void {
  anchor.handles -= 1;
  if (anchor.handles === 0) anchor.future.release();
}
