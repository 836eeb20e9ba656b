/** Stands where the name goes; nobody can type it. */
const PLACE = '\u0000';

/** A sentence about somebody. Whatever marks of direction the name holds, it turns nothing but itself. */
export function Named({ words, name }: { words: (name: string) => string; name: string }) {
  const [before, after] = words(PLACE).split(PLACE);
  return (
    <>
      {before}
      <bdi>{name}</bdi>
      {after}
    </>
  );
}
