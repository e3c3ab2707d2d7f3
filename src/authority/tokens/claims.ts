// Holds the claims of an access token (RFC 9068), and how `act` mirrors our own chain of delegations (RFC 8693 §4.1).

import type { JsonObject } from '../../std/json.ts'
import type { Delegation } from '../../store/rows/delegation.ts'
import type { TokenRow } from '../../store/rows/token.ts'
import { spiffeId } from '../../wire/spiffe.ts'
import type { TokenHolder } from './ports.ts'

/** What a token says of who acts: `sub`, and `act` where somebody acts for them. */
export interface Parties {
  readonly sub: string
  readonly act?: JsonObject
}

/** Puts a chain in order, the highest delegation first; undefined when it does not hang together. */
export function ordered(
  chain: readonly Delegation[],
  last: string,
): readonly Delegation[] | undefined {
  const byId = new Map(chain.map((one) => [one.id, one]))
  const out: Delegation[] = []
  for (let at: string | undefined = last; at !== undefined;) {
    const one = byId.get(at)
    if (one === undefined) return undefined
    byId.delete(at)
    out.unshift(one)
    at = one.parent
  }
  return out
}

/**
 * Who acts for whom. The person at the head of the chain is `sub`; the instance that acts is the outermost `act`, and whoever
 * passed authority on to it is nested in there, the highest innermost. A chain that begins with an agent that acts unattended
 * has that agent's instance as `sub`. `actor` is absent in a token that only hands authority on: nobody acts by it yet.
 */
export function parties(
  actor: string | undefined,
  chain: readonly Delegation[],
  domain: string,
): Parties {
  const above = chain.flatMap(({ by }) =>
    by === undefined ? [] : [spiffeId({ kind: 'instance', domain, ...by })],
  )
  const person = chain[0]?.person ?? ''
  const [sub = '', ...actors] = [
    ...(person === '' ? [] : [person]),
    ...above,
    ...(actor === undefined ? [] : [actor]),
  ]
  const act = actors.reduce<JsonObject | undefined>(
    (inner, one) => ({ sub: one, ...(inner === undefined ? {} : { act: inner }) }),
    undefined,
  )
  return { sub, ...(act === undefined ? {} : { act }) }
}

/** What claims are made of. */
export interface ClaimParts {
  readonly issuer: string
  readonly row: TokenRow
  readonly holder: TokenHolder
  readonly client: string
  /** The highest first; empty for an agent that acts unattended. */
  readonly chain: readonly Delegation[]
  readonly parties: Parties
}

/** The claims of a token, all of them from our own memory. */
export function claims({
  issuer,
  row,
  holder,
  client,
  chain,
  parties: who,
}: ClaimParts): JsonObject {
  const { audience, binding, delegation, mayAct, scope } = row
  const [only] = audience
  return {
    iss: issuer,
    sub: who.sub,
    aud: audience.length === 1 && only !== undefined ? only : [...audience],
    client_id: client,
    exp: Math.floor(row.expiresAt / 1000),
    iat: Math.floor(row.createdAt / 1000),
    jti: row.id,
    ...(scope === undefined ? {} : { scope: scope.join(' ') }),
    ...(binding === undefined
      ? {}
      : { cnf: { [binding.kind === 'dpop' ? 'jkt' : 'x5t#S256']: binding.value } }),
    ...(who.act === undefined ? {} : { act: who.act }),
    ...(mayAct === undefined ? {} : { may_act: { sub: mayAct } }),
    bailiwick: {
      ...(delegation === undefined ? {} : { delegation, chain: chain.map(({ id }) => id) }),
      agent: holder.agent,
      instance: holder.id,
      ...(holder.composition === undefined
        ? {}
        : { composition: { ...holder.composition } as unknown as JsonObject }),
      // Whoever verifies the signature alone learns that this held when it was issued, and never more.
      offline: 'valid at issue',
    },
  }
}
