// Builds dist/: one module for pages, one for Node, the worker files, and one script for <script src>. `--watch` keeps it fresh.
//
// esbuild leaves `new Worker(new URL("./web-worker.js", import.meta.url))` as it stands, and so do we: the bundlers of those who
// use the package look for exactly that. What it names is built here, from an entry of its own, next to the doors. The same
// text is kept once more as a module (`web-worker-inline.js`), which a door imports only where the file cannot be used.
import { rmSync } from "node:fs";
import { copyFile, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { build, context } from "esbuild";
import { pagesBuild } from "./demo/volunteer/build.mjs";

const outdir = "dist";
const pages = `${outdir}/demo`;

/** @type {import("esbuild").BuildOptions} */
const shared = {
  bundle: true,
  minifyWhitespace: true,
  minifyIdentifiers: true,
  minifySyntax: true,
  sourcemap: true,
  target: "es2022",
  legalComments: "external", // in a file beside, which travels with the package
  mainFields: ["module", "main"], // Comlink's main file is CommonJS, which costs twice as much
  logLevel: "warning",
};

/** Workers are self-contained: the same text serves as a file, as a Blob and as the source of an `eval` worker. */
const workers = {
  "web-worker": { platform: "browser", format: "iife", inlineFormat: "iife" },
  // CommonJS, which starts a thread 4 ms sooner than a module does, and is what `eval: true` runs.
  "node-worker": { platform: "node", format: "cjs", inlineFormat: "cjs", extension: ".cjs" },
  "node-thread": { platform: "node", format: "cjs", extension: ".cjs" },
  "node-sandbox-worker": { platform: "node", format: "cjs", extension: ".cjs" },
};

/** Long names in the scheduler's records, which never leave it; what is in messages and in the public API keeps its name. */
const internalNames =
  /^(formerlyRegistered|liveDependents|recommendations?|functionsById|dirtyWorkers|dirtyClients|occupancyUs|processingOn|expectedUs|waitingOn|lastUsed|heapIndex|retriesUsed|witnessed|firstSlot|hasInputs|isWanted|isNeeded|isAvailable|isFinal|isSuspect|nextTaskId|dispatches|fetching|ending|linked|alone|delivered|recommend|deaths|runId|group|suspects|vacating|isDirty|toWorker|toClient|handOver|inMemory|strays|zombies|dependents|firstClientTask|awaitedFrom|awaitedTo|unfolded|inMemoryRange|handOverPart|durationUs|spentUs|removeFold|foldAt|enterClaim|tellHowFar|granted|claims|unfold|firstTask|answersRequests|unname|outbox|durability|touch|claimed|receiveValue|followers|candidates|weaving|takesTasks|reconsider|hearCopy|noteMany|lookInto|hearStack|hearTrace|hearErrandDone|hearNotAcquired|noteNews|deathsBeside|followStream|windowUs|roomy|unnoted|hearMemory|interrupt|hearItems|isUsed|stopFetching|leaveQueue|leaveWorker|zombieName|judgeRoom|hasSurplus|cancelTask|settleRecommendations|callOff|considerDependents|endAttempt|endWorker|forEachClaim|MOVE_FROM|putData|releaseClaim|isOrdinary|unfoldOne|MAX_IN_FLIGHT|FLAG_CARRIES|FLAG_COPIED|FLAG_FINAL|FLAG_HAS_INPUTS|FLAG_KEPT|FLAG_PINNED|FLAG_SECEDED|NO_VALUE|nThreadsPerWorker|resourcesOf|endedBecause|expectWorkers|isRetiring|isUneven|hasLearnt|learnWeaving|registered|isLastResort|deleteLeft|deleteRight|handedOver|refusesClient|culpritsAmong|introduce|uniqueName|learnHosts|keepAlive|givenUp|isCurrent|whyNot|isForeign|isBrief)$/;

/** Pages that a profile is shown by, and that are written as files: the same in every build, and in none but when asked for. */
const inlinePage = /\bprofile-page-inline\.js$/;

/** The script and what it loads are built one by one, and must call them the same. */
const mangleCache = Object.fromEntries(
  internalNames.source.match(/\w+/g).map((name, i) => [name, `$${i.toString(36)}`]),
);

const inlineWorker = /\b(web-worker|node-worker)-inline\.js$/;

/** @type {import("esbuild").Plugin} In the modules, the inlined worker stays a file of its own, loaded when asked for. */
const inlineStaysApart = {
  name: "inline-stays-apart",
  setup({ onResolve }) {
    onResolve({ filter: inlinePage }, () => ({ path: "./profile-page-inline.js", external: true }));
    onResolve({ filter: inlineWorker }, ({ path }) => ({ path: `./${inlineWorker.exec(path)[0]}`, external: true }));
  },
};

/** @type {import("esbuild").Plugin} In the script, which is one file, the worker's text is inside. */
const inlineComesAlong = {
  name: "inline-comes-along",
  setup({ onResolve, onLoad }) {
    // But for what looks into a cluster, and what keeps one that is durable, which lie beside it: import() in a script looks there.
    onResolve({ filter: /^\.\/seeing\.ts$/ }, () => ({ path: "./manyhands-seeing.js", external: true }));
    onResolve({ filter: /^\.\/page-durable\.ts$/ }, () => ({ path: "./manyhands-durable.js", external: true }));
    onResolve({ filter: inlineWorker }, ({ path }) => ({
      path: inlineWorker.exec(path)[1],
      namespace: "inline-worker",
    }));
    onLoad({ filter: /.*/, namespace: "inline-worker" }, async ({ path }) => {
      const { text, inputs } = await workerText(path);
      return { contents: asModule(text), watchFiles: inputs };
    });
  },
};

/** @type {import("esbuild").Plugin} Clients of tasks record nothing and tell no stories, and workers need not carry what does. */
const noSeeingInWorkers = {
  name: "no-seeing-in-workers",
  setup({ onLoad }) {
    const refusal = `throw new Error("what a cluster does is recorded, profiled and told by clients outside of tasks");`;
    const contents = `export class Seeing { constructor() { ${refusal} } }\n`;
    onLoad({ filter: /\bclient[\\/]seeing\.ts$/ }, () => ({ contents }));
  },
};

/**
 * @type {import("esbuild").Plugin} Comlink draws four random numbers for the id of each call and writes them in hexadecimal, which
 * takes as long as all the rest of it. An id has to be unique between two ends only: it is counted instead.
 */
const comlinkCounts = {
  name: "comlink-counts",
  setup({ onLoad }) {
    onLoad({ filter: /\bcomlink\.mjs$/ }, async ({ path }) => {
      const text = await readFile(path, "utf8");
      const counted = text.replace(
        /function generateUUID\(\) \{[\s\S]*?\n\}/,
        "let calls = 0;\nfunction generateUUID() {\n    return ++calls;\n}",
      );
      if (counted === text) throw new Error(`${path} draws its ids in another way: look at the plugin comlink-counts`);
      return { contents: counted };
    });
  },
};

const untouchedImport = "import(/* webpackIgnore: true */ /* @vite-ignore */ ";
const standIn = `${"importUntouched".padEnd(untouchedImport.length - 1, "_")}(`;

/**
 * @type {import("esbuild").Plugin} With the spaces go the comments, and with those what tells webpack and Vite to leave an import
 * alone. So a call of the same length, which source maps do not notice, stands in for it until all is written.
 */
const importsStayUntouched = {
  name: "imports-stay-untouched",
  setup({ initialOptions, onLoad, onEnd }) {
    initialOptions.metafile = true;
    onLoad({ filter: /\bshipping[\\/]compile\.ts$/ }, async ({ path }) => {
      const text = await readFile(path, "utf8");
      if (!text.includes(untouchedImport))
        throw new Error(`${path} imports in another way: look at the plugin imports-stay-untouched`);
      return { contents: text.replace(untouchedImport, standIn), loader: "ts" };
    });
    onEnd(async ({ metafile }) => {
      const scripts = Object.keys(metafile?.outputs ?? {}).filter((path) => path.endsWith("js"));
      await Promise.all(
        scripts.map(async (path) => {
          const text = await readFile(path, "utf8");
          if (text.includes(standIn)) await writeFile(path, text.replaceAll(standIn, untouchedImport));
        }),
      );
    });
  },
};

const asModule = (text) => `export default ${JSON.stringify(text)};\n`;

async function workerText(name) {
  const { platform, inlineFormat } = workers[name];
  const { outputFiles, metafile } = await build({
    ...shared,
    legalComments: "none", // they are in the file beside the worker
    plugins: [comlinkCounts, noSeeingInWorkers],
    entryPoints: [`src/${name}.ts`],
    platform,
    external: platform === "node" ? ["ws"] : [],
    format: inlineFormat,
    sourcemap: false,
    metafile: true,
    write: false,
  });
  return {
    text: outputFiles[0].text,
    inputs: Object.keys(metafile.inputs).map((input) => `${process.cwd()}/${input}`),
  };
}

/** @type {import("esbuild").Plugin} Writes `<name>-inline.js` whenever the worker itself is built. */
const inlineModule = (name) => ({
  name: "inline-module",
  setup({ onEnd }) {
    onEnd(async ({ errors }) => {
      if (errors.length > 0) return;
      const { text } = await workerText(name);
      await writeFile(`${outdir}/${name}-inline.js`, asModule(text));
      // The demo's pages start their threads from files beside their own.
      if (name === "web-worker") {
        await mkdir(pages, { recursive: true });
        for (const file of [`${name}.js`, `${name}-inline.js`]) await copyFile(`${outdir}/${file}`, `${pages}/${file}`);
      }
    });
  },
});

const workerBuild = (name) => ({
  ...shared,
  entryPoints: [`src/${name}.ts`],
  outdir,
  platform: workers[name].platform,
  external: workers[name].platform === "node" ? ["ws"] : [],
  format: workers[name].format,
  outExtension: { ".js": workers[name].extension ?? ".js" },
  plugins: [
    comlinkCounts,
    noSeeingInWorkers,
    importsStayUntouched,
    ...(workers[name].inlineFormat ? [inlineModule(name)] : []),
  ],
});

/** The page of a profile, as a module that holds its text. */
const profilePageBuild = {
  ...shared,
  entryPoints: { "profile-page": "src/dashboard/profile-page.ts" },
  outdir,
  platform: "browser",
  format: "iife",
  sourcemap: false,
  legalComments: "inline", // the page is all there is of it
  write: false,
  plugins: [
    {
      name: "page-around-it",
      setup({ onEnd }) {
        onEnd(async ({ errors, outputFiles = [] }) => {
          if (errors.length > 0) return;
          const script = outputFiles[0].text.replaceAll("</script", "<\\/script");
          const page = await readFile("src/dashboard/profile-page.html", "utf8");
          await mkdir(outdir, { recursive: true });
          await writeFile(`${outdir}/profile-page-inline.js`, asModule(page.replace("PROFILE_SCRIPT", () => script)));
        });
      },
    },
  ],
};

const doorBuild = (platform, entryPoints) => ({
  ...shared,
  // The first three are CommonJS, which reads modules of Node in a way that a module cannot; the last is there only for some.
  external: platform === "node" ? ["ws", "peer", "cli-progress", "node-datachannel"] : [],
  mangleProps: internalNames,
  entryPoints,
  outdir,
  platform,
  format: "esm",
  splitting: true,
  loader: { ".css": "text" },
  chunkNames: `${platform}-[hash]`, // beside the doors, so that relative URLs mean the same in every chunk
  plugins: [comlinkCounts, importsStayUntouched, inlineStaysApart],
});

const scriptBuild = (entry, name, globalName) => ({
  ...shared,
  mangleProps: internalNames,
  mangleCache,
  entryPoints: { [name]: entry },
  outdir,
  platform: "browser",
  format: "iife",
  globalName,
  plugins: [comlinkCounts, importsStayUntouched, inlineComesAlong],
});

/** What the script loads when somebody looks into the cluster, or it is to be durable. */
const besideScriptBuild = (entry, name) => ({
  ...shared,
  mangleProps: internalNames,
  mangleCache,
  entryPoints: { [name]: entry },
  outdir,
  platform: "browser",
  format: "esm",
  plugins: [inlineStaysApart],
});

const builds = [
  // The session is an entry too, so that what the client shares with handles on queues and locks lies in another file than these:
  // pages that use none need not load them. So are what tasks call: modules say by what names that goes, and are left out where it is not used.
  doorBuild("browser", [
    "src/index.ts",
    "src/peer.ts",
    "src/dashboard.ts",
    "src/client/session.ts",
    "src/client/get-client.ts",
    "src/client/as-completed.ts",
    "src/client/progress.ts",
    "src/client/coordination/revive.ts",
    "src/shipping/task-context.ts",
  ]),
  doorBuild("node", ["src/node.ts", "src/node-peer.ts", "src/node-cli.ts"]),
  workerBuild("web-worker"),
  workerBuild("node-worker"),
  workerBuild("node-thread"),
  workerBuild("node-sandbox-worker"),
  profilePageBuild,
  scriptBuild("src/script.ts", "manyhands", "manyhands"),
  scriptBuild("src/peer-script.ts", "manyhands-peer", "manyhands"),
  besideScriptBuild("src/client/seeing.ts", "manyhands-seeing"),
  besideScriptBuild("src/page-durable.ts", "manyhands-durable"),
  pagesBuild(shared, pages, [comlinkCounts, inlineStaysApart]),
];

// Chunks carry a hash in their name, so old ones would stay for ever. The declarations in types/ are tsc's.
for (const name of await readdir(outdir).catch(() => [])) {
  if (name !== "types") rmSync(`${outdir}/${name}`, { recursive: true });
}

if (process.argv.includes("--watch")) {
  const contexts = await Promise.all(builds.map(context));
  await Promise.all(contexts.map((each) => each.watch()));
  console.log(`watching src, building into ${outdir}`);
} else {
  const outcomes = await Promise.allSettled(builds.map(build));
  for (const { status, reason } of outcomes) {
    if (status !== "rejected") continue;
    process.exitCode = 1;
    if (reason.errors?.some(({ pluginName }) => pluginName)) console.error(reason.message); // Of the others, esbuild has said why.
  }
}
