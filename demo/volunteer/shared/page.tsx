/** What all pages have in common: the head with its ways to the others, and notices. */
import type { ComponentChildren } from "preact";
import type { Trouble } from "./words.ts";

export function Head({ at }: { readonly at: "organise" | "playground" | "join" }) {
  const way = (name: typeof at, href: string, text: string) => (
    <a href={href} aria-current={name === at ? "page" : undefined}>
      {text}
    </a>
  );
  return (
    <header class="head">
      <a class="logo" href="index.html">
        <Logo />
        <span>manyhands</span>
      </a>
      <nav aria-label="Pages">
        {way("organise", "index.html", "Organise")}
        {way("playground", "playground.html", "Playground")}
      </nav>
    </header>
  );
}

/** Five fingers, five bars at different heights: a chart of who does how much. */
function Logo() {
  return (
    <svg viewBox="0 0 20 20" width="22" height="22" aria-hidden="true">
      {[9, 4, 2, 5, 10].map((top, i) => (
        <rect key={top} x={i * 4} y={top} width="3" height={18 - top} rx="1.5" fill="currentColor" />
      ))}
    </svg>
  );
}

export function Card({
  title,
  children,
  aside,
  id,
}: {
  readonly title: string;
  readonly children: ComponentChildren;
  readonly aside?: ComponentChildren;
  readonly id: string;
}) {
  return (
    <section class="card" aria-labelledby={id}>
      <div class="card-head">
        <h2 id={id}>{title}</h2>
        {aside}
      </div>
      {children}
    </section>
  );
}

export function Notice({ trouble, children }: { readonly trouble: Trouble; readonly children?: ComponentChildren }) {
  return (
    <div class="notice" role="alert">
      <strong>{trouble.title}</strong>
      <p>{trouble.advice}</p>
      {children}
    </div>
  );
}

export function Bar({ value, label }: { readonly value: number; readonly label: string }) {
  return <progress value={value} max={1} aria-label={label} />;
}
