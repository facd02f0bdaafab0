/** Writes files that a client was asked for, in Node. */

import { writeFile } from "node:fs/promises";

export async function saveFile(filename: string, text: string): Promise<void> {
  await writeFile(filename, text);
}
