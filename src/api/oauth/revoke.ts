// Holds revocation (RFC 7009): whoever holds a token gives it back, and what it was exchanged for goes with it.

import type { OAuthClient } from './client/client.ts'
import { oauthFault } from './faults.ts'
import type { Form } from './form.ts'
import type { OAuthPorts } from './ports.ts'

/** Takes a token of the client away. A token that is not known is gone already (§2.2). Throws `oauth.not_yours`. */
export async function revoke(
  { revokers = [], tokens }: Pick<OAuthPorts, 'revokers' | 'tokens'>,
  form: Form,
  client: OAuthClient,
): Promise<void> {
  const text = form.need('token')
  const { holder, id } = client
  const asking = { id, ...(holder === undefined ? {} : { instance: holder.id }) }
  for (const revoker of revokers) if (await revoker(text, asking)) return
  const token = tokens.find(text)
  if ('refused' in token) return
  if (holder === undefined || token.instance !== holder.id) {
    throw oauthFault('oauth.not_yours', 'the token was issued to another client')
  }
  await tokens.revoke(token.id, 'its holder gave it back')
}
