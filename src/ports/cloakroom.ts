/** Cloakroom: where pages that share a browser leave ends of channels for each other, which then lead from one to the other past any network. */

export interface Cloakroom {
  /** Two ends of a channel that leads wherever they are taken. */
  channel(): readonly [object, object];
  /**
   * Leaves an end. Settles with the ticket for it, which nobody guesses and which is good once; with undefined where there is no such place, or
   * when it turns out that nobody looks after it any more. It may take as long as it likes.
   */
  leave(end: object): Promise<string | undefined>;
  /** What was left for that ticket by a page of this browser and origin; undefined if there is nothing. */
  fetch(ticket: string): Promise<object | undefined>;
  /** Nobody will come with that ticket. */
  forget(ticket: string): void;
}
