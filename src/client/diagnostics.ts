/** Seeing what the cluster does: the part of `Client` that records it. */

import { EventControl } from "./event-control.ts";
import type { Recording, RecordingOptions } from "./recording.ts";
import type { Session } from "./session.ts";

export class Diagnostics extends EventControl {
  readonly #session: Session;

  constructor(session: Session) {
    super(session);
    this.#session = session;
  }

  /**
   * Records what workers do, from now on until it is stopped: which task ran where and when, and what data moved. Settles when it has begun.
   *
   * @example
   * ```ts
   * await using recording = await client.taskStream();
   * await client.gather(client.map(work, items));
   * await recording.stop();
   * recording.spans; // [{ worker, kind: "compute", name: "work", beganMs, ms, … }, …]
   * ```
   */
  async taskStream(options: RecordingOptions = {}): Promise<Recording> {
    const { Recording } = await import("./recording.ts");
    const recording = new Recording(this.#session, options);
    await recording.ready;
    return recording;
  }
}
