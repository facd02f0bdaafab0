/** MemoryGauge: what this thread has in use, where the platform tells. Browsers do not tell their workers. */

export interface MemoryGauge {
  /** Bytes, values and what is left of those that are gone. */
  used(): number;
  /** Has what nobody refers to any more cleared away first, which takes a while. Bytes. */
  usedAfterCleaning(): number;
}
