// Holds the turnstile in front of control: so many calls at once are decided for this gateway, the others wait, and not for long.

import type { Timer } from '../../std/timer.ts'

/** Calls of one gateway that control decides at once: beyond, they would only wait there, and what is urgent behind them. */
const AT_ONCE = 64
/** Calls that wait for their turn, and how long each does (ms). */
const MOST_WAITING = 2_048
const WAIT_MS = 2_000

/** Gives turns, first come first served. */
export class Turnstile {
  readonly #timer: Timer
  readonly #waiting = new Set<(turn: boolean) => void>()
  #inside = 0

  constructor(timer: Timer) {
    this.#timer = timer
  }

  /** A turn, which is given back once; undefined where there was none in time. */
  async enter(): Promise<(() => void) | undefined> {
    if (this.#inside < AT_ONCE) this.#inside++
    else if (!(await this.#wait())) return undefined
    let inside = true
    return () => {
      if (inside) this.#leave()
      inside = false
    }
  }

  #wait(): Promise<boolean> {
    if (this.#waiting.size >= MOST_WAITING) return Promise.resolve(false)
    return new Promise((resolve) => {
      const answer = (turn: boolean): void => {
        cancel()
        this.#waiting.delete(answer)
        resolve(turn)
      }
      const cancel = this.#timer.after(WAIT_MS, () => answer(false))
      this.#waiting.add(answer)
    })
  }

  /** Who waits longest has the turn now. */
  #leave(): void {
    const next = this.#waiting.values().next().value
    if (next === undefined) this.#inside--
    else next(true)
  }
}
