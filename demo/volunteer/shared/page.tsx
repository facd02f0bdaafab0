/** What all pages have in common: the head with its ways to the others, and notices. */
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
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

/** What the keyboard was at last. */
let last: Element | undefined;
addEventListener("focusin", ({ target }) => {
  if (target instanceof Element) last = target;
});

/** Whoever has pressed something that is not there any more goes on at `element`. */
export function catchFocus(element: HTMLElement | null): void {
  if (last?.isConnected === false && document.activeElement === document.body) element?.focus({ preventScroll: true });
}

/** The heading of a page, or of what has taken the place of another. */
export function Title({
  children,
  isHidden = false,
}: {
  readonly children: ComponentChildren;
  readonly isHidden?: boolean;
}) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => catchFocus(heading.current), []);
  return (
    <h1 ref={heading} tabIndex={-1} class={isHidden ? "sr-only" : undefined}>
      {children}
    </h1>
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
        <h2 id={id} tabIndex={-1}>
          {title}
        </h2>
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
