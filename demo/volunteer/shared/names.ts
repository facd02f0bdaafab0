/** Names for rooms and people who have given none: easy to say aloud, and friendly. */

const ADJECTIVES = "amber brave calm clever eager gentle happy keen kind merry nimble quiet swift sunny warm witty";
const ANIMALS = "badger beaver crane dolphin finch heron ibis koala lynx marten otter owl puffin robin swan wombat";

/** One of 256. */
export function anyName(): string {
  const [a = 0, b = 0] = crypto.getRandomValues(new Uint32Array(2));
  return `${pick(ADJECTIVES, a)} ${pick(ANIMALS, b)}`;
}

/** One that nobody else has, hardly ever. */
export function anyRoom(): string {
  const [chance = 0] = crypto.getRandomValues(new Uint32Array(1));
  return `${anyName()} ${1000 + (chance % 9000)}`;
}

function pick(words: string, at: number): string {
  const list = words.split(" ");
  return list[at % list.length] as string;
}
