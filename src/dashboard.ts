/** The door to the dashboard: `import "manyhands/dashboard"` defines <manyhands-dashboard> and <manyhands-progress>. */

import { DashboardElement } from "./dashboard/dashboard-element.ts";
import { ProgressElement } from "./dashboard/progress-element.ts";
import { type Watched, watchedAt } from "./dashboard/watched.ts";

export { DashboardElement, ProgressElement, type Watched, watchedAt };

const elements = { "manyhands-dashboard": DashboardElement, "manyhands-progress": ProgressElement };

const registry = (globalThis as { customElements?: CustomElementRegistry }).customElements;
for (const [name, made] of Object.entries(elements)) {
  if (registry !== undefined && registry.get(name) === undefined) registry.define(name, made);
}

declare global {
  interface HTMLElementTagNameMap {
    "manyhands-dashboard": DashboardElement;
    "manyhands-progress": ProgressElement;
  }
}

/**
 * Shows a client's cluster, at the end of the page unless another place is given. It is over when the element is removed.
 *
 * @example
 * ```ts
 * const dashboard = openDashboard(client);
 * dashboard.remove();
 * ```
 */
export function openDashboard(client: Watched, parent: ParentNode = document.body): DashboardElement {
  const dashboard = document.createElement("manyhands-dashboard");
  dashboard.client = client;
  parent.append(dashboard);
  return dashboard;
}
