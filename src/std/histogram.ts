// Holds a histogram of durations: counts in fixed buckets, cheap enough for every call, in Prometheus' text format.

/** Upper bounds of the buckets, seconds. */
const BOUNDS = [
  0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
]

/** Counts durations. */
export class Histogram {
  readonly #counts = new Float64Array(BOUNDS.length + 1)
  #sum = 0
  #count = 0

  /** Takes one duration, seconds. */
  observe(seconds: number): void {
    let bucket = 0
    while (bucket < BOUNDS.length && seconds > (BOUNDS[bucket] ?? 0)) bucket += 1
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1
    this.#sum += seconds
    this.#count += 1
  }

  get count(): number {
    return this.#count
  }

  /** Its samples: cumulative buckets, sum and count. `labels` is empty or like `phase="decide"`. */
  samples(name: string, labels = ''): string {
    const comma = labels === '' ? '' : `${labels},`
    const braces = labels === '' ? '' : `{${labels}}`
    let below = 0
    let text = ''
    BOUNDS.forEach((bound, i) => {
      below += this.#counts[i] ?? 0
      text += `${name}_bucket{${comma}le="${bound}"} ${below}\n`
    })
    text += `${name}_bucket{${comma}le="+Inf"} ${this.#count}\n`
    return `${text}${name}_sum${braces} ${this.#sum}\n${name}_count${braces} ${this.#count}\n`
  }
}
