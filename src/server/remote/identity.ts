// Holds the identity of a gateway: a key that was born here, its newest certificate, and whom it trusts, kept in its home.

import { X509Certificate, createPrivateKey } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { replaceDurable } from '../../audit/durable-file.ts'
import { base64url, sha256, utf8 } from '../../std/bytes.ts'
import { isObject, parseJson, stringifyJson, textOf, type Json } from '../../std/json.ts'
import type { IssuedGateway } from '../../wire/gateway-identity.ts'
import { parseIssuedGateway } from '../../wire/gateway-identity.ts'
import { parseJoinToken } from '../../wire/identity.ts'
import { parseSpiffeId } from '../../wire/spiffe.ts'
import { serverFault } from '../faults.ts'
import { post } from '../holder/ask.ts'
import { pool } from '../holder/connection.ts'
import { address, pinnedAuthority, type PinnedAuthority } from '../holder/pin.ts'
import { makeRequest } from '../holder/request.ts'

const FILE = 'gateway.json'

/** Who a gateway is, as of now. */
export interface GatewayIdentity extends IssuedGateway {
  /** PKCS#8, PEM. */
  readonly key: string
  readonly trustDomain: string
  /** The identity listener where it enrolled. */
  readonly identity: string
  /** SHA-256 of the root that its join token named, base64url. */
  readonly authority: string
  /** SHA-256 of that join token, base64url: it is used once, however often a start is told of it. */
  readonly joined: string
  /** Of its certificate, ms since the epoch. */
  readonly notBefore: number
  readonly notAfter: number
}

/** The identity in a home; undefined where nobody enrolled from there. Throws `server.home` for a file that is none. */
export function savedIdentity(home: string): GatewayIdentity | undefined {
  const path = join(home, FILE)
  if (!existsSync(path)) return undefined
  try {
    const read = parseJson(readFileSync(path))
    if (!isObject(read)) throw new TypeError('no object')
    const { authority, identity, joined, key } = read
    if (![authority, identity, joined, key].every((one) => typeof one === 'string')) {
      throw new TypeError('a member is missing')
    }
    const issued = parseIssuedGateway(read)
    return held(issued, {
      key: textOf(key),
      identity: textOf(identity),
      authority: textOf(authority),
      joined: textOf(joined),
    })
  } catch (cause) {
    throw serverFault('server.home', `${path} is no identity of a gateway`, cause)
  }
}

/** Enrols by a join token, and keeps what came of it. Throws what the identity listener says, or `holder.*`. */
export async function enrolGateway(
  home: string,
  of: { readonly identity: string; readonly token: string },
): Promise<GatewayIdentity> {
  const { authority } = parseJoinToken(of.token)
  const pinned = await pinnedAuthority(of.identity, authority)
  const dispatcher = pool(pinned, 'identity')
  try {
    const { key, csr } = makeRequest()
    const { origin } = address(of.identity)
    const body = { token: of.token, csr }
    const issued = parseIssuedGateway(await post(dispatcher, origin, '/v1/gateways/enroll', body))
    return keep(
      home,
      held(issued, { key, identity: of.identity, authority, joined: digestOf(of.token) }),
    )
  } finally {
    await dispatcher.close()
  }
}

/** True where a home has enrolled by this very token: a start that is told of it again, as by a manifest, has nothing to do. */
export function hasJoined(home: string, token: string): boolean {
  return savedIdentity(home)?.joined === digestOf(token)
}

function digestOf(token: string): string {
  return base64url(sha256(utf8(token)))
}

/** Comes back by a certificate that has ended meanwhile. */
export async function renewAway(home: string, old: GatewayIdentity): Promise<GatewayIdentity> {
  const pinned: PinnedAuthority = await pinnedAuthority(old.identity, old.authority)
  const dispatcher = pool({ ...pinned, root: old.bundle }, 'identity', {
    key: old.key,
    cert: old.certificates,
  })
  try {
    return await renewedBy(home, old, (csr) =>
      post(dispatcher, address(old.identity).origin, '/v1/gateways/renew', { csr }),
    )
  } finally {
    await dispatcher.close()
  }
}

/** Renews with another key, by whatever way asks, and keeps what came of it. */
export async function renewedBy(
  home: string,
  old: GatewayIdentity,
  ask: (csr: string) => Promise<Json>,
): Promise<GatewayIdentity> {
  const { key, csr } = makeRequest()
  const issued = parseIssuedGateway(await ask(csr))
  const { authority, identity, joined } = old
  return keep(home, held(issued, { key, identity, authority, joined }))
}

function keep(home: string, identity: GatewayIdentity): GatewayIdentity {
  replaceDurable(join(home, FILE), utf8(stringifyJson({ ...identity })))
  return identity
}

function held(
  issued: IssuedGateway,
  own: Pick<GatewayIdentity, 'authority' | 'identity' | 'joined' | 'key'>,
): GatewayIdentity {
  const named = parseSpiffeId(issued.spiffe_id)
  if (named?.kind !== 'gateway') throw new TypeError('this names no gateway')
  createPrivateKey(own.key)
  const certificate = new X509Certificate(issued.certificates)
  return {
    ...issued,
    ...own,
    trustDomain: named.domain,
    notBefore: certificate.validFromDate.getTime(),
    notAfter: certificate.validToDate.getTime(),
  }
}
