// Holds the check of reasons: what a person decides, they decide with words that stand in the record.

import { faults } from '../std/fault.ts'
import { AUTHORITY_FAULTS } from './faults.ts'

const fault = faults(AUTHORITY_FAULTS)

/** The reason without space around it; throws `reason.required` for none, or for more than 500 characters. */
export function checkedReason(reason: string): string {
  const text = reason.trim()
  if (text === '') throw fault('reason.required', 'no reason was given')
  if (text.length > 500) throw fault('reason.required', 'the reason is longer than 500 characters')
  return text
}
