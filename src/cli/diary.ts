/** What happens, a line each: for people, or as JSON for programs. Tokens never come here. */

export type Note = (event: string, fields?: Readonly<Record<string, unknown>>) => void;

export function diary(log: (line: string) => void, isJson: boolean, now = () => new Date()): Note {
  return (event, fields = {}) => {
    const time = now().toISOString();
    const known = Object.entries(fields).filter(([, value]) => value !== undefined);
    if (isJson) log(JSON.stringify({ time, event, ...Object.fromEntries(known) }));
    else log([time, event, ...known.map(([name, value]) => `${name}=${plain(value)}`)].join(" "));
  };
}

/** On one line, whatever it is, and in quotes where it would run into the next. */
function plain(value: unknown): string {
  const text = typeof value === "string" ? value : String(JSON.stringify(value));
  return /^[^\s"=]+$/.test(text) ? text : JSON.stringify(text);
}
