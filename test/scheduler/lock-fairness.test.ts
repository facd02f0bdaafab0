/** Locks are given as a simple reading of the rule would have it: to whoever came first, if what it wants is free and nobody before it wants it too. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import type { Answer } from "../../src/protocol/client-messages.ts";
import { SchedulerMachine } from "../../src/scheduler/machine.ts";
import { requestRules } from "../../src/scheduler/requests.ts";

const NAMES = ["a", "b", "c", "d"];

interface Asked {
  readonly client: number;
  readonly number: number;
  readonly names: readonly string[];
  readonly count: number;
}

/** The rule, read aloud. */
class Model {
  /** In the order of coming. */
  waiting: Asked[] = [];
  held: { readonly by: Asked; readonly names: readonly string[] }[] = [];

  settle(): string[] {
    const granted: string[] = [];
    const taken = new Set(this.held.flatMap(({ names }) => names));
    for (const asked of [...this.waiting]) {
      const free = asked.names.filter((name) => !taken.has(name));
      if (free.length >= asked.count) {
        const names = free.slice(0, asked.count);
        this.waiting.splice(this.waiting.indexOf(asked), 1);
        this.held.push({ by: asked, names });
        granted.push(`${asked.client}/${asked.number}: ${names}`);
        for (const name of names) taken.add(name);
      } else for (const name of asked.names) taken.add(name);
    }
    return granted;
  }
}

const step = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant("acquire" as const),
      client: fc.nat(2),
      names: fc
        .subarray(NAMES, { minLength: 1 })
        .chain((names) => fc.shuffledSubarray(names, { minLength: names.length })),
      count: fc.nat(3),
    }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant("release" as const), which: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("withdraw" as const), which: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("leave" as const), client: fc.nat(2) }) },
);

describe("locks", () => {
  it("are given as the rule says, whatever is asked, released, given up or left", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60, size: "max" }), (steps) => {
        const machine = new SchedulerMachine();
        machine.learn(requestRules);
        const model = new Model();
        const tokens = new Map<string, number>();
        let number = 0;
        let last = 0;
        const addClient = (client: number) => machine.handle({ type: "add-client", client: `c${client}` });
        const ask = (client: number, number: number, act: object) =>
          machine.handle({
            type: "client-message",
            client: `c${client}`,
            message: {
              type: "request",
              number,
              request: { type: "coordinate", target: { kind: "lock", name: NAMES[0] as string }, act: act as never },
            },
          });
        for (let i = 0; i < 3; i++) addClient(i);
        for (const each of steps) {
          if (each.do === "acquire") {
            const { client, names } = each;
            const count = 1 + (each.count % names.length);
            model.waiting.push({ client, number, names, count });
            ask(client, number++, { type: "acquire", names, count });
          } else if (each.do === "release") {
            const [hold] = model.held.splice(each.which % Math.max(1, model.held.length), 1);
            if (hold === undefined) continue;
            const { client, number: granted } = hold.by;
            ask(client, number++, { type: "release", token: tokens.get(`${client}/${granted}`) });
          } else if (each.do === "withdraw") {
            const [asked] = model.waiting.splice(each.which % Math.max(1, model.waiting.length), 1);
            if (asked === undefined) continue;
            const message = { type: "withdraw-request", number: asked.number } as const;
            machine.handle({ type: "client-message", client: `c${asked.client}`, message });
          } else {
            const isGone = ({ client }: Asked) => client === each.client;
            model.waiting = model.waiting.filter((asked) => !isGone(asked));
            model.held = model.held.filter(({ by }) => !isGone(by));
            machine.handle({ type: "remove-client", client: `c${each.client}` });
            addClient(each.client);
          }
          const granted: string[] = [];
          for (const instruction of machine.take()) {
            if (instruction.type !== "send-to-client") continue;
            for (const message of instruction.messages) {
              const { number, outcome } = message as Answer;
              const value =
                "value" in outcome ? (outcome.value as { token: number; names: string[] } | undefined) : undefined;
              if (value === undefined) continue;
              const client = Number(instruction.client.slice(1));
              granted.push(`${client}/${number}: ${value.names}`);
              tokens.set(`${client}/${number}`, value.token);
              assert.ok(value.token > 0);
              last = Math.max(last, value.token);
            }
          }
          assert.deepEqual(granted.sort(), model.settle().sort());
        }
        assert.ok(last <= number, "a token is given with each grant");
      }),
      { numRuns: 1000 },
    );
  });
});
