/** Text of the worker's file for pages, bundled; made by the build. */
declare const source: string;
export default source;
