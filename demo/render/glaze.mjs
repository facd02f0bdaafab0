// @ts-check
/** How a rough, clear layer over the surface mirrors light: Schlick's Fresnel term and the GGX distribution of microfacets. */

/** Schlick's approximation: everything mirrors at grazing angles. */
export function fresnel(/** @type {number} */ coat, /** @type {number} */ cosine) {
  const aslant = 1 - Math.min(1, cosine);
  const square = aslant * aslant;
  return coat + (1 - coat) * square * square * aslant;
}

/** The part of the microfacets that is not hidden by others, seen at this cosine. */
export const smith = (/** @type {number} */ alpha, /** @type {number} */ cosine) =>
  (2 * cosine) / (cosine + Math.sqrt(alpha * alpha + (1 - alpha * alpha) * cosine * cosine));

/**
 * How much a rough mirror sends one way of what comes another (GGX), all given as cosines against the normal.
 * @param {number} alpha
 * @param {number} half
 * @param {number} out
 * @param {number} into
 */
export function glossiness(alpha, half, out, into) {
  const spread = half * half * (alpha * alpha - 1) + 1;
  const distribution = (alpha * alpha) / (Math.PI * spread * spread);
  return (distribution * smith(alpha, out) * smith(alpha, into)) / Math.max(1e-4, 4 * out * into);
}
