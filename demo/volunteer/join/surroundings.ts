/** Surroundings: what the browser tells of the machine that speaks for not using it now. */

/** Why it is better to pause. */
export type Strain = "battery" | "data";

/** Of what browsers have, as far as they have it: the types of the platform leave it out. */
interface Battery extends EventTarget {
  readonly charging: boolean;
}
interface Connection extends EventTarget {
  readonly saveData?: boolean;
}
type Telling = Navigator & { getBattery?: () => Promise<Battery>; readonly connection?: Connection };

/** Calls `tell` with what strains the machine now, and whenever that changes. */
export async function watchSurroundings(tell: (strains: ReadonlySet<Strain>) => void): Promise<void> {
  const strains = new Set<Strain>();
  const note = (strain: Strain, isThere: boolean) => {
    if (isThere === strains.has(strain)) return;
    if (isThere) strains.add(strain);
    else strains.delete(strain);
    tell(new Set(strains));
  };
  const { connection, getBattery } = navigator as Telling;
  const lookAtConnection = () => note("data", connection?.saveData === true);
  connection?.addEventListener?.("change", lookAtConnection);
  lookAtConnection();
  try {
    const battery = await getBattery?.call(navigator);
    const lookAtBattery = () => note("battery", battery?.charging === false);
    battery?.addEventListener("chargingchange", lookAtBattery);
    lookAtBattery();
  } catch {
    // The browser has the question, and does not answer it here.
  }
}
