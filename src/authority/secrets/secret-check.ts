// Holds what a credential, its name and what is said of it have to be.

import { faults } from '../../std/fault.ts'
import { parseReference } from '../../wire/credential-reference.ts'
import { AUTHORITY_FAULTS } from '../faults.ts'

const fault = faults(AUTHORITY_FAULTS)

/** Characters of a value. */
const MOST_VALUE = 65_536
const DAY = 86_400_000

/** Throws `secret.name` unless it can be the name of an environment variable. */
export function checkVariable(name: string): void {
  if (!/^[A-Za-z_][A-Za-z0-9_]{0,127}$/.test(name)) {
    throw fault('secret.name', 'this is not the name of an environment variable')
  }
}

/** Throws `secret.value` for what no environment and no header could hold whole. */
export function checkedValue(value: string): void {
  if (value.includes('\0')) {
    throw fault('secret.value', 'an environment variable cannot hold a NUL character')
  }
  if (value.length > MOST_VALUE || !value.isWellFormed()) {
    throw fault('secret.value', 'the value is longer than 64 KiB, or no text')
  }
}

/** Throws `secret.reference` unless a source can be asked for it. */
export function checkedReference(reference: string): void {
  if (parseReference(reference) === undefined) {
    throw fault('secret.reference', 'a reference is like vault:kv/data/crm#token')
  }
}

/** Throws `secret.terms` for a rotation below a day or beyond ten years, and an end that has passed. */
export function checkTerms(
  of: {
    readonly rotateEveryMs?: number | null | undefined
    readonly expiresAt?: number | undefined
  },
  now: number,
): void {
  const { rotateEveryMs, expiresAt } = of
  if (
    typeof rotateEveryMs === 'number' &&
    !(rotateEveryMs >= DAY && rotateEveryMs <= 3_650 * DAY)
  ) {
    throw fault('secret.terms', 'a new value is due after a day at least, and ten years at most')
  }
  if (expiresAt !== undefined && !(expiresAt > now && Number.isSafeInteger(expiresAt))) {
    throw fault('secret.terms', 'the value would have ended already')
  }
}
