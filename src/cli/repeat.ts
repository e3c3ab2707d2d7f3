// Holds options that may be given several times.

/** Collects each value of an option, for commander. */
export function repeated(value: string, earlier: readonly string[] = []): readonly string[] {
  return [...earlier, value]
}
