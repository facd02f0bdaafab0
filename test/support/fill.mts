import { readFileSync, writeFileSync } from "node:fs";
const [,, file, stageFile, stageName] = process.argv as string[];
const { perform } = await import("/work/main/test/support/transcript.ts");
const stages = await import(stageFile!);
const Stage = stages[stageName!];
let text = readFileSync(file!, "utf8");
text = text.replace(/follow\(`([\s\S]*?)`/g, (_all, body: string) => {
  const out = perform(body.replaceAll("\\", ""), new Stage()).trim().split("\n").map((l: string) => (l === "" ? "" : `      ${l}`)).join("\n");
  return "follow(`\n" + out + "\n    `";
});
writeFileSync(file!, text);
