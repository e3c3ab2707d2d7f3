// Holds equipping with a token for the user of the call, in exchange for what says who that is (RFC 8693).

import { userOf, type Equipped, type Equipping } from './equipping.ts'
import { credentialFault } from './faults.ts'
import { equipMinted } from './minted.ts'
import type { Granted } from './token-endpoint.ts'
import { userToken } from './user.ts'

const GRANT = 'urn:ietf:params:oauth:grant-type:token-exchange'
const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token'
const JWT = 'urn:ietf:params:oauth:token-type:jwt'

/** The token of the user at the system; never one of another user, and never one without a user. */
export async function equipTokenExchange(
  of: Equipping<'token_exchange'>,
): Promise<Awaited<Equipped>> {
  const { auth, system, who } = of
  const person = userOf(who, system)
  const secret = auth.secret === undefined ? undefined : await of.open(auth.secret)
  const form = async () => ({
    grant_type: GRANT,
    requested_token_type: ACCESS_TOKEN,
    ...(await subject(of, person)),
  })
  return equipMinted(of, secret, { form, whose: person, check })
}

async function subject(
  { auth, who, parts, signal }: Equipping<'token_exchange'>,
  person: string,
): Promise<Record<string, string>> {
  if (auth.subject === undefined) {
    const text = parts.subjects.about(person, { audience: auth.tokenUrl, actor: who.spiffeId })
    return { subject_token: text, subject_token_type: JWT }
  }
  const personal = parts.personalOf(auth.subject, person)
  if (personal === undefined) {
    throw credentialFault(
      'credential.not_personal',
      `${auth.subject} is not called as each user alone`,
    )
  }
  const { access } = await userToken(personal, person, parts, signal)
  return { subject_token: access, subject_token_type: ACCESS_TOKEN }
}

/** RFC 8693 §2.2.1: what was issued has to be said, and has to be something that can be sent as a bearer token. */
function check({ issuedType }: Granted): void {
  if (issuedType === ACCESS_TOKEN || issuedType === JWT) return
  throw credentialFault(
    'credential.token_answer',
    'the token endpoint issued a token of another type',
  )
}
