/** Where files go that a client writes: the door for Node says where; a page has its visitor download them. */

export type Save = (filename: string, text: string) => Promise<void>;

let save: Save = download;

export function saveFilesWith(how: Save): void {
  save = how;
}

export function saveFile(filename: string, text: string): Promise<void> {
  return save(filename, text);
}

async function download(filename: string, text: string): Promise<void> {
  const { document } = globalThis as { document?: Document };
  if (document === undefined)
    throw new Error(`no file ${filename} can be written here; leave filename out and take what is returned`);
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "text/html" }));
  link.download = filename.split("/").at(-1) ?? filename;
  link.click();
  // The download has been begun with what is behind the address.
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
