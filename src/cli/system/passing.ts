// Holds the differences that pass without a person, as an option names them.

import { PASSING_CHANGES, type PassingChange } from '../../wire/system.ts'
import { fault } from '../faults.ts'

/** Words of the option. */
export const PASSING_WORDS = `which differences pass from now on without anybody looking: ${PASSING_CHANGES.join(', ')}; or none (default: as it is)`

/** What an option says; undefined: nothing is said. Throws `cli.usage`. */
export function passingOf(text: string | undefined): PassingChange[] | undefined {
  if (text === undefined) return undefined
  if (text === 'none') return []
  return text.split(',').map((word) => {
    const known = PASSING_CHANGES.find((one) => one === word.trim())
    if (known !== undefined) return known
    throw fault('cli.usage', `--allow-changes takes ${PASSING_CHANGES.join(', ')}, or none`)
  })
}
