/** The rules of the house: who knows whom, which package lives where, and how files are named. Each rule returns its complaints. */
import { readdirSync, readFileSync } from "node:fs";
import { posix } from "node:path";
import { type Import, readSource, type SourceFile } from "./source-file.ts";

type Rule = (files: readonly SourceFile[]) => string[];

/** Any room, which is what the doors and the command line may enter. */
const anywhere = "anywhere";

/** Room -> the rooms it may import from; of a machine, `room/file` opens that file alone. */
const knows: Readonly<Record<string, readonly string[] | typeof anywhere>> = {
  protocol: [],
  collections: [],
  shipping: ["collections", "protocol"],
  ports: ["protocol"],
  scheduler: ["protocol", "collections"],
  worker: ["protocol", "collections"],
  client: ["protocol", "collections", "ports", "shipping"],
  runtime: [
    "protocol",
    "collections",
    "ports",
    "shipping",
    "scheduler/machine.ts",
    "scheduler/contract.ts",
    "scheduler/requests.ts",
    "scheduler/nesting.ts",
    "scheduler/demands.ts",
    "scheduler/hosts.ts",
    "scheduler/woven.ts",
    "scheduler/durability.ts",
    "scheduler/recovery.ts",
    "worker/machine.ts",
    "worker/contract.ts",
    "worker/keeping-rules.ts",
    "worker/spilling.ts",
  ],
  adapters: ["protocol", "collections", "ports", "shipping"],
  dashboard: ["protocol", "ports", "client"],
  cli: anywhere,
};

/** The first words of an adapter's name -> the packages that are at home in it. */
const technologies: Readonly<Record<string, readonly string[]>> = {
  memory: [],
  "message-port": [],
  system: [],
  comlink: ["comlink"],
  "shared-worker": [],
  "web-worker": [],
  "worker-thread": ["node:"],
  sandbox: ["node:"],
  peer: ["peerjs"],
  noble: ["@noble/hashes"],
  "data-channel": [],
  "node-datachannel": ["node-datachannel", "peerjs", "ws", "node:"],
  signaling: ["peer", "ws", "node:"],
  websocket: ["ws", "node:"],
  tcp: ["node:"],
  opfs: [],
  indexeddb: ["idb-keyval"],
  file: ["node:"],
  http: ["node:"],
  terminal: ["cli-progress"],
};

/** What draws: series over time, flame graphs, and graphs laid out. */
const drawing = ["uplot", "flame-chart-js", "@dagrejs/dagre"];

/** Rooms where a decision must come out the same whenever it is made. */
const timeless = ["protocol", "collections", "scheduler", "worker"];

const lineLimit = 400;
const emptyWords = ["util", "utils", "helper", "helpers", "common", "misc", "manager"];
const emptyNames = [...emptyWords, "types", "data", "process"];

/** Text of a worker or a page, written by the build; a declaration stands for it in the source. */
const builtModule = /^\.\/(web-worker|node-worker|profile-page)-inline\.js$/;

/** Every file of ours below `folder` that is code, as paths from the top of the repository. */
export function readHouse(top: string, folder: string): SourceFile[] {
  return readdirSync(new URL(`${folder}/`, top), { recursive: true, encoding: "utf8" })
    .map((name) => posix.join(folder, name.replaceAll("\\", "/")))
    .filter((path) => /\.(ts|mjs|js)$/.test(path))
    .sort()
    .map((path) => readSource(path, readFileSync(new URL(path, top), "utf8")));
}

export const everyImportIsAllowed: Rule = (files) =>
  ownImports(files).flatMap(({ from, to, line }) => {
    const complaint = whyNot(from, to);
    return complaint ? [`${from.path}:${line} imports ${to}: ${complaint}`] : [];
  });

function whyNot(from: SourceFile, to: string): string | undefined {
  const [here, there] = [roomOf(from.path), roomOf(to)];
  if (here === undefined) return undefined;
  if (there === undefined) return "no room imports a door";
  const known = knows[here];
  if (known === undefined) return `the room ${here} is not in the table`;
  if (here === there) return here === "adapters" ? strangers(from.path, to) : undefined;
  if (known === anywhere || known.includes(there) || known.includes(to.slice("src/".length))) return undefined;
  return `${here} does not know ${there}`;
}

function strangers(from: string, to: string): string | undefined {
  const [mine, theirs] = [technologyOf(from), technologyOf(to)];
  return mine === theirs ? undefined : `${mine} and ${theirs} are different technologies`;
}

export const everyImportNamesAFile: Rule = (files) => {
  const paths = new Set(files.map(({ path }) => path));
  return ownImports(files).flatMap(({ from, to, line, specifier }) => {
    if (builtModule.test(specifier)) return [];
    if (!specifier.endsWith(".ts")) return [`${from.path}:${line} imports "${specifier}", which does not end in .ts`];
    return paths.has(to) ? [] : [`${from.path}:${line} imports "${specifier}", which does not exist`];
  });
};

export const everyPackageIsAtHome: Rule = (files) =>
  files.flatMap(({ path, imports }) =>
    imports.flatMap(({ specifier, line }) =>
      isOwn(specifier) || isAtHome(specifier, path) ? [] : [`${path}:${line} imports the package "${specifier}"`],
    ),
  );

function isAtHome(specifier: string, path: string): boolean {
  const room = roomOf(path);
  if (room === "cli" || (room === undefined && /^src\/(node|serve-dashboard|show-progress)\b/.test(path)))
    return specifier.startsWith("node:");
  if (room === "dashboard") return drawing.some((name) => belongsTo(specifier, name));
  if (room !== "adapters") return false;
  return technologies[technologyOf(path) ?? ""]?.some((name) => belongsTo(specifier, name)) ?? false;
}

function belongsTo(specifier: string, name: string): boolean {
  return name.endsWith(":") ? specifier.startsWith(name) : specifier === name || specifier.startsWith(`${name}/`);
}

export const everyAdapterNamesItsTechnology: Rule = (files) =>
  files
    .filter(({ path }) => roomOf(path) === "adapters" && technologyOf(path) === undefined)
    .map(({ path }) => `${path} names no technology of the table`);

export const nothingGoesInCircles: Rule = (files) => {
  const next = new Map(files.map(({ path }) => [path, [] as string[]]));
  for (const { from, to } of ownImports(files)) next.get(from.path)?.push(to);
  const circles: string[] = [];
  const finished = new Set<string>();
  const visit = (path: string, trail: readonly string[]): void => {
    const seen = trail.indexOf(path);
    if (seen >= 0) circles.push([...trail.slice(seen), path].join(" -> "));
    if (seen >= 0 || finished.has(path)) return;
    for (const target of next.get(path) ?? []) visit(target, [...trail, path]);
    finished.add(path);
  };
  for (const path of next.keys()) visit(path, []);
  return circles;
};

export const onlyDoorsPassNamesOn: Rule = (files) =>
  files
    .filter(({ path }) => roomOf(path) !== undefined)
    .flatMap(({ path, imports }) =>
      imports
        .filter(({ passesOn }) => passesOn)
        .map(({ line, specifier }) => `${path}:${line} passes on the names of "${specifier}"`),
    );

export const exportsHaveNames: Rule = (files) =>
  files.flatMap(({ path, tokens }) =>
    path.endsWith(".d.ts")
      ? []
      : tokens.flatMap(({ text, line }, i) =>
          text === "default" && tokens[i - 1]?.text === "export" ? [`${path}:${line} has a default export`] : [],
        ),
  );

export const decisionsKnowNoTime: Rule = (files) =>
  files
    .filter(({ path }) => timeless.includes(roomOf(path) ?? ""))
    .flatMap(({ path, tokens }) =>
      tokens.flatMap(({ text, line }, i) => {
        const isRandom = text === "random" && tokens[i - 1]?.text === "." && tokens[i - 2]?.text === "Math";
        if (isRandom) return [`${path}:${line} uses Math.random`];
        return ["Date", "Promise", "async", "await"].includes(text) ? [`${path}:${line} uses ${text}`] : [];
      }),
    );

export const filesHaveOneSubject: Rule = (files) =>
  files.flatMap(({ path, text }) => {
    const lines = text.trimEnd().split("\n").length;
    return lines > lineLimit ? [`${path} has ${lines} lines, more than ${lineLimit}`] : [];
  });

export const filesSayWhatTheyAreFor: Rule = (files) =>
  files
    .filter(({ text }) => !/^(#!.*\n)?\s*(\/\*|\/\/)/.test(text))
    .map(({ path }) => `${path} does not open with a sentence on what it is for`);

export const namesSaySomething: Rule = (files) => {
  const names = new Set(
    files.flatMap(({ path }) => path.split("/").map((_, i, parts) => parts.slice(0, i + 1).join("/"))),
  );
  return [...names].flatMap((path) => {
    const name = posix.basename(path).replace(/\..*$/, "");
    if (!/^[a-z0-9]+(-[a-z0-9]+)*$/.test(name)) return [`${path} is not in kebab-case`];
    const empty = emptyNames.includes(name) || name.split("-").some((word) => emptyWords.includes(word));
    return empty ? [`${path}: the name says nothing`] : [];
  });
};

interface OwnImport {
  readonly from: SourceFile;
  readonly to: string;
  readonly specifier: string;
  readonly line: number;
}

function ownImports(files: readonly SourceFile[]): OwnImport[] {
  return files.flatMap((from) =>
    from.imports
      // Style sheets are text, and import nothing.
      .filter(({ specifier }) => isOwn(specifier) && !specifier.endsWith(".css"))
      .map(({ specifier, line }) => ({ from, specifier, line, to: posix.join(posix.dirname(from.path), specifier) })),
  );
}

function isOwn(specifier: Import["specifier"]): boolean {
  return specifier.startsWith(".");
}

/** `src/worker/machine.ts` -> `worker`; a file at the root of `src/` is a door and has no room. */
function roomOf(path: string): string | undefined {
  const [, room, ...rest] = path.split("/");
  return rest.length > 0 ? room : undefined;
}

function technologyOf(path: string): string | undefined {
  const name = posix.basename(path);
  return Object.keys(technologies).find((technology) => name.startsWith(`${technology}-`));
}
