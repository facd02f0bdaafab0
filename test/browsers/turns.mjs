// @ts-check
/** How long the turns of a page's main thread are: by the clock, and by the processor, which whoever else is busy on this machine does not lengthen. */

/**
 * @typedef {object} Turn
 * @property {number} ms
 * @property {number} cpuMs
 */

/**
 * Watches the pages of a Chromium until it is told to stop, and returns those of their turns that took more than a millisecond.
 * @param {import("puppeteer-core").Page} page
 * @returns {Promise<() => Promise<Turn[]>>}
 */
export async function watchTurns(page) {
  await page.tracing.start({ categories: ["toplevel"] });
  return async () => {
    const trace = await page.tracing.stop();
    /** @type {{ name: string, ph: string, pid: number, tid: number, dur?: number, tdur?: number, args: { name?: string } }[]} */
    const events = JSON.parse(new TextDecoder().decode(trace)).traceEvents;
    const isOfThread = (/** @type {string} */ name) =>
      new Set(
        events
          .filter((event) => event.name === "thread_name" && event.args.name === name)
          .map(({ pid, tid }) => `${pid} ${tid}`),
      );
    const mainThreads = isOfThread("CrRendererMain");
    return events
      .filter(({ name, ph, pid, tid }) => name.endsWith("RunTask") && ph === "X" && mainThreads.has(`${pid} ${tid}`))
      .map(({ dur = 0, tdur = 0 }) => ({ ms: dur / 1000, cpuMs: tdur / 1000 }))
      .filter(({ ms }) => ms > 1);
  };
}
