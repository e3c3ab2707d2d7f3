// Holds how the tour is told to a person: a title before each step, then what was seen, in plain words.

import type { Screen } from '../terminal/screen.ts'
import { visible } from '../terminal/visible.ts'
import type { TourOptions, TourStep } from './steps.ts'

/** Tells the steps on the screen's talk as they happen. */
export function teller(screen: Screen): TourOptions['onStep'] {
  const { paint } = screen
  let number = 0
  return (step) => {
    if ('title' in step) {
      number++
      screen.show(`\n${paint('bold', `${number}. ${step.title}`)}\n`)
      return
    }
    const mark = step.ok ? paint('green', '✔') : paint('red', '✘')
    screen.show(`   ${mark} ${visible(step.observed)}\n`)
    if (!step.ok) screen.show(`     ${paint('yellow', 'expected:')} ${visible(step.expected)}\n`)
  }
}

/** How the tour went, in one line. */
export function verdict(screen: Screen, steps: readonly TourStep[]): void {
  const failed = steps.filter((step) => !step.ok)
  const { paint } = screen
  if (failed.length === 0) {
    screen.show(`\n${paint('green', `All ${steps.length} steps were as they should be.`)}\n`)
  } else {
    const names = failed.map((step) => step.name).join(', ')
    screen.show(
      `\n${paint('red', `${failed.length} of ${steps.length} steps were not: ${names}.`)}\n`,
    )
  }
}
