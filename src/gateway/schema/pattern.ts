// Holds the matcher of patterns: an automaton that reads a text once, so that no pattern of an upstream can make us hang.

import { readPattern, type Step } from './pattern-syntax.ts'

/** Counts work, and throws when a call has cost too much. */
export interface Work {
  spend(steps: number): void
}

function isWord(point: number | undefined): boolean {
  if (point === undefined) return false
  return (
    (point >= 48 && point <= 57) ||
    (point >= 65 && point <= 90) ||
    (point >= 97 && point <= 122) ||
    point === 95
  )
}

/** A pattern that is searched for anywhere in a text, as JSON Schema means it (Validation §6.3.3). */
export class Pattern {
  readonly #steps: readonly Step[]
  readonly #start: number
  /** The round in which a step was reached last. */
  readonly #seen: Uint32Array
  #round = 0

  /** Throws UnreadablePattern. */
  constructor(text: string) {
    const { steps, start } = readPattern(text)
    this.#steps = steps
    this.#start = start
    this.#seen = new Uint32Array(steps.length)
  }

  /** Whether it is found in the text. Time is text × steps at the worst, and told to `work`. */
  found(text: string, work: Work): boolean {
    this.#seen.fill(0)
    this.#round = 0
    let now: number[] = []
    let before: number | undefined
    for (let at = 0; ;) {
      const point = text.codePointAt(at)
      this.#round++
      const next: number[] = []
      // A match may begin at every place.
      for (const step of [...now, this.#start]) {
        if (this.#reach(step, next, at, before, point)) return true
      }
      work.spend(next.length + 1)
      if (point === undefined) return false
      now = []
      for (const index of next) {
        const step = this.#steps[index]
        if (step?.kind === 'one' && step.matches(point)) now.push(step.next)
      }
      before = point
      at += point > 0xffff ? 2 : 1
    }
  }

  /** Collects the characters that may come next; true when the end is reached. */
  #reach(
    from: number,
    next: number[],
    at: number,
    before: number | undefined,
    point: number | undefined,
  ): boolean {
    const open = [from]
    for (let index = open.pop(); index !== undefined; index = open.pop()) {
      if (this.#seen[index] === this.#round) continue
      this.#seen[index] = this.#round
      const step = this.#steps[index]!
      if (step.kind === 'done') return true
      if (step.kind === 'one') next.push(index)
      else if (step.kind === 'split') open.push(step.other, step.next)
      else if (holds(step.place, at, before, point)) open.push(step.next)
    }
    return false
  }
}

function holds(
  place: Extract<Step, { kind: 'at' }>['place'],
  at: number,
  before: number | undefined,
  point: number | undefined,
): boolean {
  if (place === 'start') return at === 0
  if (place === 'end') return point === undefined
  return (isWord(before) !== isWord(point)) === (place === 'edge')
}
