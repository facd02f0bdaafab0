/** Somebody with a session who asks the scheduler things, and looks at the answers. */
import assert from "node:assert/strict";
import type { Session } from "../../src/client/session.ts";
import type { Request } from "../../src/protocol/requests.ts";
import type { World } from "./world.ts";

export class Asker {
  readonly name: string;
  readonly world: World;
  readonly session: Session;
  /** Questions that are not answered. */
  readonly questions = new Set<string>();
  problem: unknown;
  #asked = 0;

  constructor(name: string, world: World, session: Session) {
    this.name = name;
    this.world = world;
    this.session = session;
  }

  tell(line: () => string): void {
    this.world.tell(() => `${this.name}: ${line()}`);
  }

  /** Asks something of the scheduler; `check` looks at the answer, and `isInOrder` says what errors may come in its place. */
  question(request: Request, check: (value: unknown) => void, isInOrder: (error: Error) => boolean): void {
    const name = `${request.type} ${this.#asked++}`;
    this.questions.add(name);
    this.tell(() => `asks for ${name}`);
    this.session
      .ask(request)
      .then(check, (error) => assert.ok(this.session.closed !== undefined || isInOrder(error), error))
      .catch((problem) => {
        this.problem ??= problem;
      })
      .finally(() => this.questions.delete(name));
  }
}
