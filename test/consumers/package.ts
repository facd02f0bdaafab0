/** Packs the package as npm would publish it, and installs it into scratch projects outside the repository: no network, no links. */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const repository = fileURLToPath(new URL("../..", import.meta.url));

export interface Scratch {
  /** A new project that has installed the package and holds `files`; its folder. */
  project(name: string, files: Readonly<Record<string, string>>): string;
  /** The package as installed in a project. */
  installed(project: string): string;
  remove(): void;
}

/** `dependencies` are other packages of ours that projects may resolve, such as a bundler's runtime. */
export function scratch(dependencies: readonly string[] = []): Scratch {
  const folder = mkdtempSync(join(tmpdir(), "manyhands-consumers-"));
  const pack = ["pack", "--ignore-scripts", "--silent", "--pack-destination", folder];
  const tarball = execFileSync("npm", pack, { cwd: repository, encoding: "utf8" }).trim();
  const installed = (project: string) => join(project, "node_modules", "manyhands");

  return {
    installed,
    project(name, files) {
      const project = join(folder, name);
      mkdirSync(installed(project), { recursive: true });
      execFileSync("tar", ["-xzf", join(folder, tarball), "-C", installed(project), "--strip-components=1"]);
      for (const dependency of dependencies) {
        const link = join(project, "node_modules", dependency);
        mkdirSync(dirname(link), { recursive: true });
        symlinkSync(join(repository, "node_modules", dependency), link, "dir");
      }
      writeFileSync(join(project, "package.json"), JSON.stringify({ name, private: true, type: "module" }));
      for (const [path, text] of Object.entries(files)) {
        mkdirSync(dirname(join(project, path)), { recursive: true });
        writeFileSync(join(project, path), text);
      }
      return project;
    },
    remove: () => rmSync(folder, { recursive: true }),
  };
}
