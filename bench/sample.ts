// Holds the few numbers that every bench takes from its samples.

/** The value below which a part of the samples lies, `of` from 0 to 1. NaN, which JSON prints as null, without samples. */
export function quantile(samples: readonly number[], of: number): number {
  const sorted = samples.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * of))] ?? Number.NaN
}

/** The middle one. */
export function median(samples: readonly number[]): number {
  return quantile(samples, 0.5)
}

/** Cut to as many decimals as the figure is worth. */
export function rounded(value: number, decimals = 2): number {
  return Number(value.toFixed(decimals))
}
