/** The live dashboard of a cluster, once somebody wants to see it: it is large, and costs the cluster something while it is looked at. */
import type { Client } from "manyhands";
import { useEffect, useRef, useState } from "preact/hooks";

export function Dashboard({ clientFor }: { readonly clientFor: () => Client }) {
  const [isShown, show] = useState(false);
  const [problem, complain] = useState("");
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!isShown) return;
    let element: Element | undefined;
    let isGone = false;
    import("manyhands/dashboard").then(
      ({ openDashboard }) => {
        if (!isGone && place.current !== null) element = openDashboard(clientFor(), place.current);
      },
      (error: unknown) => complain(`The dashboard could not be loaded: ${String(error)}`),
    );
    return () => {
      isGone = true;
      element?.remove();
    };
  }, [isShown, clientFor]);
  return (
    <div class="watching">
      <button type="button" aria-pressed={isShown} onClick={() => show(!isShown)}>
        {isShown ? "Hide the dashboard" : "Show the dashboard"}
      </button>
      <p role="status">{problem}</p>
      <div ref={place} />
    </div>
  );
}
