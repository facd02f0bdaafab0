/** Small things that every panel is made of: elements, tables, numbers as people read them. */

type Child = Node | string;

export function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Readonly<Record<string, string>> = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

/** What the tree below `root` looks like. A sheet of its own, which a page's policy lets in, while it may keep out an element with styles. */
export function dress(root: ShadowRoot, ...styles: readonly string[]): void {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(styles.join("\n"));
  root.adoptedStyleSheets = [sheet];
}

/** Where the first row has a number, numbers are expected below. */
export function table(
  caption: string,
  titles: readonly string[],
  rows: readonly (readonly Child[])[],
): HTMLTableElement {
  const side = (i: number): Record<string, string> => (isNumber(rows[0]?.[i]) ? { class: "number" } : {});
  const body = rows.map((row) => {
    const cells = row.map((cell, i) =>
      i === 0 ? element("th", { scope: "row" }, cell) : element("td", side(i), cell),
    );
    return element("tr", {}, ...cells);
  });
  const heads = titles.map((title, i) => element("th", { scope: "col", ...side(i) }, title));
  return element(
    "table",
    {},
    element("caption", {}, caption),
    element("thead", {}, element("tr", {}, ...heads)),
    element("tbody", {}, ...body),
  );
}

/** Has `box` hold what is like `shown`, and leaves alone what is like that already: so little has to be laid out anew. */
export function show(box: HTMLElement, shown: HTMLElement): void {
  const before = box.firstChild;
  if (before === null || box.childNodes.length > 1) box.replaceChildren(shown);
  else liken(before, shown);
}

function liken(before: ChildNode, after: ChildNode): void {
  if (before.nodeType === Node.TEXT_NODE && after.nodeType === Node.TEXT_NODE) {
    if (before.nodeValue !== after.nodeValue) before.nodeValue = after.nodeValue;
    return;
  }
  const [old, made] = [before as HTMLElement, after as HTMLElement];
  const isAlike = before.nodeName === after.nodeName && before.nodeType === Node.ELEMENT_NODE;
  if (!isAlike || `${old.getAttributeNames()}` !== `${made.getAttributeNames()}`) return before.replaceWith(after);
  for (const { name, value } of made.attributes) {
    if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  }
  const [parts, others] = [[...before.childNodes], [...after.childNodes]];
  for (const [i, other] of others.entries()) {
    const part = parts[i];
    if (part === undefined) old.append(other);
    else liken(part, other);
  }
  for (const part of parts.slice(others.length)) part.remove();
}

function isNumber(cell: Child | undefined): boolean {
  return typeof cell === "string" && /^(\d|$)/.test(cell);
}

export function duration(ms: number): string {
  if (ms >= 60_000) return `${Math.floor(ms / 60_000)} min ${Math.round((ms % 60_000) / 1000)} s`;
  if (ms >= 1000) return `${(ms / 1000).toFixed(2)} s`;
  if (ms >= 1) return `${ms.toFixed(1)} ms`;
  return ms === 0 ? "0" : `${Math.round(ms * 1000)} µs`;
}

export function bytes(count: number): string {
  const inUnits = (size: number) => (count / size).toFixed(count < 100 * size ? 1 : 0);
  if (count >= 1e9) return `${inUnits(1e9)} GB`;
  if (count >= 1e6) return `${inUnits(1e6)} MB`;
  if (count >= 1e3) return `${inUnits(1e3)} kB`;
  return `${count} B`;
}

/** A worker's address without what all of them have. */
export function shortAddress(address: string): string {
  return address.replace(/^\w+:\/\//, "");
}

/** A part of a whole, drawn. */
export function bar(
  parts: readonly { readonly name: string; readonly value: number; readonly colour: string }[],
  whole: number,
): HTMLElement {
  const drawn = parts.filter(({ value }) => value > 0);
  const segments = drawn.map(({ name, value, colour }) => {
    const segment = element("span", { title: `${name}: ${duration(value)}` });
    segment.style.background = colour;
    segment.style.width = `${whole > 0 ? (100 * value) / whole : 0}%`;
    return segment;
  });
  return element(
    "div",
    {
      class: "bar",
      role: "img",
      "aria-label": drawn.map(({ name, value }) => `${name} ${duration(value)}`).join(", "),
    },
    ...segments,
  );
}
