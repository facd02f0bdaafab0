/** Style sheets, as the build takes them along: as text. */
declare module "*.css" {
  const text: string;
  export default text;
}
