// Holds the sizes over which a curve is taken: tenfold from 10,000 records to as many as are wanted.

const SMALLEST = 10_000

/** Sizes from the smallest that a log of `already` records has not passed, to `wanted` itself. */
export function sizesUpTo(wanted: number, already: number): number[] {
  const sizes: number[] = []
  for (let size = SMALLEST; size < wanted; size *= 10) if (size >= already) sizes.push(size)
  return [...sizes, wanted]
}
