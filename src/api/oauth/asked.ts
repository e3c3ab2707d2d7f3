// Holds the reading of what a token is asked for: its scope (RFC 6749 §3.3) and its resources (RFC 8707 §2).

import { isScopePattern, MAX_PATTERNS } from '../../wire/scope.ts'
import { oauthFault } from './faults.ts'
import type { Form } from './form.ts'
import type { ResourcePort } from './ports.ts'

/** Resources that one request may name. */
const MAX_RESOURCES = 16

/** The `scope` of a request as patterns; undefined where nothing is said. Throws `oauth.scope`. */
export function askedScope(form: Form): readonly string[] | undefined {
  const text = form.get('scope')
  if (text === undefined) return undefined
  const patterns = [...new Set(text.split(' '))]
  if (patterns.length > MAX_PATTERNS || !patterns.every(isScopePattern)) {
    throw oauthFault('oauth.scope', 'the scope is not a list of patterns like system/action')
  }
  return patterns
}

/** The resources of a request, all of them known; undefined where nothing is said. Throws `oauth.target`. */
export function askedResources(form: Form, known: ResourcePort): readonly string[] | undefined {
  const resources = [...new Set(form.resources())]
  if (resources.length === 0) return undefined
  if (resources.length > MAX_RESOURCES || !resources.every((url) => known.known(url))) {
    throw oauthFault('oauth.target', 'a resource is not one of this gateway')
  }
  return resources
}
