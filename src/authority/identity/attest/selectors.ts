// Holds the check of what a registration names: selectors that are well-formed, few and telling, and facts that evidence can prove.

import { fault } from '../faults.ts'
import { isElement, type AttestorName } from './attested.ts'
import { checkUnixSelectors } from './unix-selectors.ts'

const MAX_SELECTORS = 32
const MAX_LENGTH = 1_024

/** A claim by its path: the names of members from the outermost on, with dots between them. No colon: that begins the value. */
export const CLAIM_PATH = /^[A-Za-z0-9_./-]{1,128}$/

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

/** Names of facts that evidence of each attestor can have: a claim's path, or the kind of a selector. */
const FACTS: Readonly<Record<AttestorName, RegExp>> = {
  oidc: CLAIM_PATH,
  x509pop: /^(?:subject:cn|ca:fingerprint|serial|sha256)$/,
  unix: /^(?:uid|gid|user|cgroup|path|sha256)$/,
}

/** Throws `attest.composition` unless every element is taken from a fact that the attestor can prove. */
export function checkComposition(
  attestor: AttestorName,
  composition: Readonly<Record<string, string>>,
): void {
  for (const [element, name] of Object.entries(composition)) {
    if (!isElement(element) || !FACTS[attestor].test(name)) {
      throw fault('attest.composition', `an element is taken from no fact of ${attestor}`)
    }
  }
}
