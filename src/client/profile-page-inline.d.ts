/** The page that shows a profile, whole but for what it shows; made by the build. */
declare const source: string;
export default source;
