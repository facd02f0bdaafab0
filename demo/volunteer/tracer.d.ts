/** What the build makes of `../render/trace.mjs`: one function that holds all of it, and so can travel as source. */
export declare function tracer(): typeof import("../render/trace.mjs");
