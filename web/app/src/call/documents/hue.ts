/** The hue by which everybody knows somebody who has a document open, in degrees; `client` is his Yjs client id. */
export const hueOf = (client: number): number => client % 360;
