// Holds the check of the selectors that a registration names: well-formed, few, and telling.

import { fault } from '../faults.ts'
import type { AttestorName } from './attested.ts'
import { checkUnixSelectors } from './unix-selectors.ts'

const MAX_SELECTORS = 32
const MAX_LENGTH = 1_024

/** What selectors of the attestors of others look like; the value is whatever the source says, without controls. */
const FORMS: Readonly<Record<Exclude<AttestorName, 'unix'>, RegExp>> = {
  // The claim's path, then its value: a value may hold colons, a path may not.
  oidc: /^oidc:[A-Za-z0-9_./-]{1,128}:[^\p{Cc}]{1,800}$/u,
  x509pop: /^x509pop:(?:subject:cn|san:dns|san:uri|ca:fingerprint|serial):[^\p{Cc}]{1,800}$/u,
}

/** Claims that every token of an issuer shares: they tell no workload from another. */
const SHARED_CLAIMS: ReadonlySet<string> = new Set(['iss', 'aud', 'exp', 'iat', 'nbf', 'jti'])

/** Throws `attest.selectors`, or what the attestor itself says of them. */
export function checkSelectors(attestor: AttestorName, selectors: readonly string[]): void {
  if (selectors.length === 0 || selectors.length > MAX_SELECTORS) {
    throw fault('attest.selectors', `a registration names 1 to ${MAX_SELECTORS} selectors`)
  }
  if (attestor === 'unix') {
    checkUnixSelectors(selectors)
    return
  }
  for (const selector of selectors) {
    if (selector.length > MAX_LENGTH || !FORMS[attestor].test(selector)) {
      throw fault('attest.selectors', `a selector is not one of ${attestor}`)
    }
  }
  const telling =
    attestor === 'oidc'
      ? selectors.some((one) => !SHARED_CLAIMS.has(one.split(':')[1] ?? ''))
      : selectors.some((one) => !one.startsWith('x509pop:ca:'))
  if (!telling) {
    throw fault('attest.selectors', 'these selectors are the same for every workload of the source')
  }
}
