// Holds the reading of subjects of security events (RFC 9493, SSF 1.0 §3): which person they name.

import { isObject, type Json, type JsonObject } from '../../std/json.ts'

/** Identifiers in one list; a sender who names more says nothing that we could check. */
const MOST_ALIASES = 16

/** Who is named at an issuer. */
export interface IssuerSubject {
  readonly iss: string
  readonly sub: string
}

/**
 * Those that a subject names as `iss_sub`: itself, the user of a complex subject, or one of several aliases. Others name nobody that we could
 * find: what people call themselves elsewhere (`email`, `phone_number`) is not kept here.
 */
export function issuerSubjects(subject: Json | undefined): IssuerSubject[] {
  if (!isObject(subject)) return []
  const { format } = subject
  if (format === 'iss_sub') return one(subject)
  // Drafts of SSF had complex subjects without a format.
  if (format === 'complex' || format === undefined) {
    const { user } = subject
    return isObject(user) && user['format'] === 'iss_sub' ? one(user) : []
  }
  if (format === 'aliases') {
    const { identifiers } = subject
    if (!Array.isArray(identifiers)) return []
    return identifiers
      .slice(0, MOST_ALIASES)
      .flatMap((each) => (isObject(each) && each['format'] === 'iss_sub' ? one(each) : []))
  }
  return []
}

function one({ iss, sub }: JsonObject): IssuerSubject[] {
  return typeof iss === 'string' && typeof sub === 'string' ? [{ iss, sub }] : []
}
