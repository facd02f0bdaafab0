/** What somebody who helps has chosen, and is known by; kept in the browser. */
import { COLOURS } from "../shared/colour.ts";
import { anyName } from "../shared/names.ts";
import { recall, remember } from "../shared/remembered.ts";

export interface Settings {
  /** By which the organiser knows somebody again after a reload. Others are not told. */
  readonly volunteer: string;
  readonly name: string;
  readonly colour: string;
  readonly cores: number;
  /** The part of the time that they work, up to 1. */
  readonly cpuShare: number;
  /** Does nothing while the battery is used, or data is to be saved, as far as the browser tells. */
  readonly isSparing: boolean;
}

/** What somebody has done, over all visits. */
export interface Done {
  readonly tasks: number;
  readonly milliseconds: number;
}

export const NOTHING_DONE: Done = { tasks: 0, milliseconds: 0 };

export function mostCores(): number {
  return Math.max(1, navigator.hardwareConcurrency || 2);
}

export async function recallSettings(): Promise<Settings> {
  const colours = Object.values(COLOURS);
  const [chance = 0, ...more] = crypto.getRandomValues(new Uint32Array(5));
  const fresh: Settings = {
    volunteer: more.map((each) => each.toString(36)).join(""),
    name: anyName(),
    colour: colours[chance % colours.length] as string,
    cores: Math.ceil(mostCores() / 2),
    cpuShare: 1,
    isSparing: true,
  };
  const settings = sound(await recall("volunteer", fresh));
  if (settings.volunteer === fresh.volunteer) await remember("volunteer", settings);
  return settings;
}

/** The machine may have other cores than when they were chosen, and what is kept may be of an older page. */
function sound(settings: Settings): Settings {
  const cores = Math.min(mostCores(), Math.max(1, Math.round(settings.cores) || 1));
  const cpuShare = Math.min(1, Math.max(0.1, settings.cpuShare || 1));
  return { ...settings, cores, cpuShare };
}

export function rememberSettings(settings: Settings): Promise<void> {
  return remember("volunteer", settings);
}

export function recallDone(): Promise<Done> {
  return recall("done", NOTHING_DONE);
}

export function rememberDone(done: Done): Promise<void> {
  return remember("done", done);
}
