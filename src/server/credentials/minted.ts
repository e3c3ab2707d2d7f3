// Holds tokens that we have a system mint: kept until they end, or one for each call and given back after it.

import { digest } from '../../std/bytes.ts'
import type { Equipment } from '../../gateway/equipment.ts'
import { bearerEquipment, clientOf, type Equipping } from './equipping.ts'
import { credentialFault } from './faults.ts'
import type { Opened } from './source.ts'
import { unlessAborted } from './token-cache.ts'
import { askToken, revokeToken, TokenRefused, type Client, type Granted } from './token-endpoint.ts'

type Minting = Equipping<'client_credentials'> | Equipping<'token_exchange'>

/** One token that is to be minted. */
export interface Mint {
  readonly form: () => Promise<Record<string, string | undefined>>
  /** What it is for besides the terms: a person, or nobody. */
  readonly whose: string
  /** What it has to be checked for. */
  readonly check?: (granted: Granted) => void
}

/** Equips with a token of the system's token endpoint. */
export async function equipMinted(
  of: Minting,
  secret: Opened | undefined,
  mint: Mint,
): Promise<Equipment> {
  const { auth, system, parts, signal } = of
  const client = clientOf(parts, auth, secret, true)
  const terms = digest(JSON.stringify([auth, secret?.id ?? '', client.tls?.cert ?? '']))
  const account = `${auth.kind}:${mint.whose}:${secret?.id ?? ''}`
  const fetch = () => minted(of, client, mint)
  const granted =
    auth.perCall === true
      ? await unlessAborted(fetch(), signal)
      : await parts.cache.get(`${system}\n${terms}\n${mint.whose}`, fetch, signal, {
          system,
          whose: mint.whose,
          revoke: async (token) => concluding(of, client, token)?.(),
        })
  const used = [
    `token:${auth.kind}${mint.whose === '' ? '' : `:${mint.whose}`}`,
    ...(secret === undefined ? [] : [secret.id]),
  ]
  const equipment = bearerEquipment(granted.access, { account, used })
  const conclude = auth.perCall === true ? concluding(of, client, granted) : undefined
  return {
    ...equipment,
    secrets: [granted.access, ...(secret === undefined ? [] : [secret.value])],
    ...(conclude !== undefined && { conclude: async () => void (await conclude()) }),
  }
}

async function minted(of: Minting, client: Client, mint: Mint): Promise<Granted> {
  const { auth, system, parts, transport } = of
  const form = {
    ...(await mint.form()),
    scope: auth.scope,
    resource: auth.resource,
    audience: auth.audience,
  }
  const granted = await askToken(parts, {
    url: auth.tokenUrl,
    reach: transport.reach,
    client,
    form,
  })
  if (granted instanceof TokenRefused) {
    const why = granted.error === '' ? '' : ` (${granted.error})`
    throw credentialFault(
      'credential.token_refused',
      `the token endpoint of ${system} refused${why}`,
    )
  }
  mint.check?.(granted)
  return granted
}

/** Gives a token of one call back (RFC 7009), where the system takes it. */
function concluding(
  { auth, parts, transport }: Minting,
  client: Client,
  { access }: Granted,
): (() => Promise<boolean>) | undefined {
  const { revocationUrl: url } = auth
  if (url === undefined) return undefined
  return async () => {
    const of = { url, reach: transport.reach, client, token: access, hint: 'access_token' } as const
    return revokeToken(parts, of)
  }
}
