/** Text of the worker's file for Node, bundled; made by the build. */
declare const source: string;
export default source;
