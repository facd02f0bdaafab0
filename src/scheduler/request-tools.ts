/**
 * What the rules for requests are given of the machine's own.
 *
 * They are loaded when the first question comes (`requests.ts`), and import nothing but types of what every page loads: whatever both
 * need, the bundler would put into files of its own, and each more that a page has to load weighs more than it saves.
 */

import { enterClaim, tellHowFar } from "./claims.ts";
import { FLAG_KEPT } from "./records.ts";

export const requestTools = { enterClaim, tellHowFar, FLAG_KEPT };

export type RequestTools = typeof requestTools;
