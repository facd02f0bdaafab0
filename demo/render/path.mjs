// @ts-check
/** How much light comes back along a ray: paths that bounce between mesh, ground, sun and sky. */
import { BufferAttribute, BufferGeometry, DoubleSide, Ray, Vector3 } from "three";
import { MeshBVH } from "three-mesh-bvh";
import { around } from "./around.mjs";
import { exp } from "./exact.mjs";
import { fresnel, glossiness, smith } from "./glaze.mjs";
import { skyLight } from "./sky.mjs";

/** @typedef {import("./scene.mjs").Scene} Scene */
/** @typedef {import("./sampler.mjs").Sampler} Sampler */

/** Paths are cut off here rather than ended by chance, which costs less time but far more noise. */
const MAX_BOUNCES = 4;
/** A path that finds more light than this after its first bounce would only leave a bright dot. */
const FIREFLY = 4;
const EPSILON = 1e-4;
/** The sun in this sky is wider than ours, for softer shadows: radians from its middle to its rim. */
const SUN_RADIUS = 0.022;
const GROUND = { colour: new Vector3(0.46, 0.4, 0.33), roughness: 0.45, coat: 0.02, hazeDistance: 15 };
const GLAZE = { roughness: 0.17, coat: 0.045 };

export class PathTracer {
  #sky;
  #bvh;
  #meshColour;
  #toSun;
  #sunlight;
  #ray = new Ray();
  #shadowRay = new Ray();
  // Where the current path stands, and of what the surface there is made.
  #point = new Vector3();
  #normal = new Vector3();
  #face = new Vector3();
  #colour = new Vector3();
  #roughness = 0;
  #coat = 0;
  /** Whether the path left a surface in any direction: from then on nothing is glossy, for its reflections would only be noise. */
  #isBlurred = false;
  // To compute with.
  #direction = new Vector3();
  #half = new Vector3();
  #found = new Vector3();
  #weight = new Vector3();

  /** @param {Scene} scene */
  constructor({ mesh, sky }) {
    const geometry = new BufferGeometry();
    geometry.setAttribute("position", new BufferAttribute(mesh.position, 3));
    geometry.setAttribute("normal", new BufferAttribute(mesh.normal, 3));
    this.#bvh = MeshBVH.deserialize(mesh.bvh, geometry);
    this.#meshColour = new BufferAttribute(mesh.color, 3);
    this.#sky = sky;
    this.#toSun = new Vector3(...sky.toSun);
    this.#sunlight = new Vector3(...sky.sunlight);
  }

  /**
   * Follows one path from the camera and writes the light it finds to `light`.
   * @param {Vector3} origin
   * @param {Vector3} direction a unit vector
   * @param {Sampler} sampler
   * @param {Vector3} light
   */
  trace(origin, direction, sampler, light) {
    const ray = this.#ray;
    const found = this.#found;
    const weight = this.#weight.set(1, 1, 1);
    ray.origin.copy(origin);
    ray.direction.copy(direction);
    light.set(0, 0, 0);
    this.#isBlurred = false;
    for (let bounce = 0; ; bounce++) {
      const haze = this.#hit(ray);
      if (haze > 0) {
        skyLight(this.#sky, ray.direction, found).multiply(weight).multiplyScalar(haze);
        light.add(bounce === 0 ? found : found.clampScalar(0, FIREFLY));
        if (haze === 1) return;
        weight.multiplyScalar(1 - haze);
      }
      this.#sunAt(ray.direction, sampler, found).multiply(weight);
      light.add(bounce === 0 ? found : found.clampScalar(0, FIREFLY));
      if (bounce === MAX_BOUNCES || !this.#scatter(ray, sampler, weight)) return;
    }
  }

  /**
   * Finds the first surface along `ray` and describes it in the fields.
   * @param {Ray} ray
   * @returns {number} how much of what is seen is sky: 1 if the ray leaves the scene, less the nearer the ground
   */
  #hit(ray) {
    const { origin, direction } = ray;
    const toGround = direction.y < 0 ? -origin.y / direction.y : Infinity;
    const hit = this.#bvh.raycastFirst(ray, DoubleSide, 0, toGround);
    if (hit !== null) {
      const { face, normal, barycoord } = /** @type {any} */ (hit);
      this.#point.copy(hit.point);
      this.#face.copy(face.normal);
      if (this.#face.dot(direction) > 0) this.#face.negate();
      this.#normal.copy(normal).normalize();
      const corner = new Vector3();
      this.#colour.set(0, 0, 0);
      this.#colour.addScaledVector(corner.fromBufferAttribute(this.#meshColour, face.a), barycoord.x);
      this.#colour.addScaledVector(corner.fromBufferAttribute(this.#meshColour, face.b), barycoord.y);
      this.#colour.addScaledVector(corner.fromBufferAttribute(this.#meshColour, face.c), barycoord.z);
      this.#roughness = GLAZE.roughness;
      this.#coat = GLAZE.coat;
      return 0;
    }
    if (toGround === Infinity) return 1;
    ray.at(toGround, this.#point).setY(0);
    this.#face.set(0, 1, 0);
    this.#normal.set(0, 1, 0);
    this.#colour.copy(GROUND.colour);
    this.#roughness = GROUND.roughness;
    this.#coat = GROUND.coat;
    const far = Math.sqrt(this.#point.x * this.#point.x + this.#point.z * this.#point.z) / GROUND.hazeDistance;
    return far > 6 ? 1 : 1 - exp(-far * far);
  }

  /**
   * Sunlight that a point of the sun's disc sends by way of this surface against `incoming`, unless something stands between.
   * @param {Vector3} incoming
   * @param {Sampler} sampler
   * @param {Vector3} out
   */
  #sunAt(incoming, sampler, out) {
    sampler.next();
    const direction = this.#shadowRay.direction;
    around(this.#toSun, SUN_RADIUS * Math.sqrt(sampler.u), sampler.v, 1, direction).normalize();
    const cosine = this.#normal.dot(direction);
    if (cosine <= 0 || this.#face.dot(direction) <= 0) return out.set(0, 0, 0);
    this.#shadowRay.origin.copy(this.#point).addScaledVector(this.#face, EPSILON);
    if (this.#bvh.raycastFirst(this.#shadowRay, DoubleSide) !== null) return out.set(0, 0, 0);
    out.multiplyVectors(this.#colour, this.#sunlight).multiplyScalar(cosine / Math.PI);
    if (this.#isBlurred) return out;
    const half = this.#half.copy(direction).sub(incoming).normalize();
    const mirrored = fresnel(this.#coat, half.dot(direction));
    const into = Math.abs(this.#normal.dot(incoming));
    const gloss = mirrored * glossiness(this.#roughness * this.#roughness, this.#normal.dot(half), cosine, into);
    return out.multiplyScalar(1 - mirrored).addScaledVector(this.#sunlight, gloss * cosine);
  }

  /**
   * Sends the path on: off the glaze like a blurred mirror, or out of the matter beneath in any direction.
   * @param {Ray} ray
   * @param {Sampler} sampler
   * @param {Vector3} weight what the path still counts
   * @returns {boolean} false when it was swallowed
   */
  #scatter(ray, sampler, weight) {
    const incoming = ray.direction;
    const direction = this.#direction;
    sampler.next();
    const mirrored = this.#isBlurred ? 0 : fresnel(this.#coat, Math.abs(this.#normal.dot(incoming)));
    const often = this.#isBlurred ? 0 : Math.min(0.85, 0.1 + mirrored);
    // One number decides between the two and then, stretched again, serves the one chosen: its samples stay well spread.
    if (sampler.u < often) {
      const u = sampler.u / often;
      const alpha = this.#roughness * this.#roughness;
      const slope = alpha * Math.sqrt(u / (1 - u));
      const half = around(this.#normal, slope, sampler.v, 1, this.#half).normalize();
      const facing = -half.dot(incoming);
      direction.copy(incoming).addScaledVector(half, 2 * facing);
      const out = this.#normal.dot(direction);
      const into = -this.#normal.dot(incoming);
      if (facing <= 0 || out <= 0 || into <= 0) return false;
      // Sampled by the microfacets' distribution: what is left is shadowing and the change of measure.
      const visible = smith(alpha, out) * smith(alpha, into);
      weight.multiplyScalar((fresnel(this.#coat, facing) * visible * facing) / (into * this.#normal.dot(half) * often));
    } else {
      const u = (sampler.u - often) / (1 - often);
      around(this.#normal, Math.sqrt(u), sampler.v, Math.sqrt(1 - u), direction);
      weight.multiply(this.#colour).multiplyScalar((1 - mirrored) / (1 - often));
      this.#isBlurred = true;
    }
    if (this.#face.dot(direction) <= 0) return false;
    ray.direction.copy(direction).normalize();
    ray.origin.copy(this.#point).addScaledVector(this.#face, EPSILON);
    return true;
  }
}
