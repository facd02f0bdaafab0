/** Calls those who listen. */

export function tell(run: () => void): void {
  try {
    run();
  } catch (thrown) {
    // Heard of as of anything that a listener throws, but no frame behind is lost for it.
    queueMicrotask(() => {
      throw thrown;
    });
  }
}
