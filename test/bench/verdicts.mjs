/** Holds our figures against the best peer's and against the goals. */

/** How many times better `mine` is than `theirs`: 2 is twice the rate, or half the time. */
export function ahead(workload, mine, theirs) {
  return workload.better === "lower" ? theirs / mine : mine / theirs;
}

function find(results, system, id) {
  return results.find((result) => result.system === system && result.workload === id && result.value !== undefined);
}

/** What a system is compared by: its figure here, or where it cannot do this, the one for the next best way. */
export function comparable(results, workload, system) {
  return find(results, system, workload.id) ?? find(results, system, workload.yardstick);
}

function bestPeer(results, workload) {
  const names = new Set(results.filter(({ kind }) => kind === "peer").map(({ system }) => system));
  let best;
  for (const name of names) {
    const peer = comparable(results, workload, name);
    if (!peer) continue;
    if (!best || ahead(workload, peer.value, best.value) > 1) best = peer;
  }
  return best;
}

const MEASURES = {
  ahead: (workload, mine, peer) => ahead(workload, mine.value, peer?.value),
  time: (_workload, mine, peer) => mine.value / peer?.value,
  least: (_workload, mine, _peer, of) => (of ? mine.more[of] : mine.value),
  most: (_workload, mine, _peer, of) => (of ? mine.more[of] : mine.value),
};

function judge(goal, workload, mine, peer) {
  const kind = Object.keys(MEASURES).find((name) => goal[name] !== undefined);
  const exact = MEASURES[kind](workload, mine, peer, goal.of);
  if (!Number.isFinite(exact)) return undefined;
  // Rounded before it is judged, so that the line printed never contradicts itself.
  const got = Number(exact.toPrecision(3));
  const target = goal[kind];
  const atLeast = kind === "ahead" || kind === "least";
  return {
    workload: workload.id,
    kind,
    of: goal.of,
    got,
    target,
    peer: peer?.system,
    met: atLeast ? got >= target : got <= target,
    aim: goal.aim === true,
  };
}

/** One verdict for each goal of each workload, and the bare ratio where no goal is about the peers. */
export function verdicts(results, workloads) {
  const all = [];
  for (const workload of workloads) {
    const mine = find(results, "manyhands", workload.id);
    if (!mine) continue;
    const peer = bestPeer(results, workload);
    const about = workload.goals.some((goal) => goal.ahead ?? goal.time);
    const bare = { ahead: Number.NaN };
    for (const goal of about ? workload.goals : [bare, ...workload.goals]) {
      const verdict = judge(goal, workload, mine, peer);
      if (verdict) all.push(verdict);
    }
  }
  return all;
}
