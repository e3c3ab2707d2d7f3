// Holds what is checked before a token is issued, and the row that comes of it: never more than what stands above it.

import type { Delegation } from '../../store/rows/delegation.ts'
import type { TokenRow } from '../../store/rows/token.ts'
import { isScopePattern, MAX_PATTERNS, scopeNarrows } from '../../wire/scope.ts'
import { ordered, parties, type Parties } from './claims.ts'
import { tokenFault } from './faults.ts'
import type { TokenHolder, TokenPorts } from './ports.ts'

/** Life of a token, in ms: at most ten minutes. */
export const LIFE_MS = 600_000
/** Life of a token that is bound to no key, in ms, whatever the setting says. */
const UNBOUND_MS = 300_000
/** Tokens that one instance has at once. */
const MAX_TOKENS = 256
/** Resources that one token is for. */
const MAX_AUDIENCE = 16

/** What is asked for. The resources are known ones: whoever takes the request has seen to that. */
export interface TokenRequest {
  /** Instance id. */
  readonly instance: string
  /** Delegation id; the one that the instance enrolled with where it is left out. */
  readonly delegation?: string
  readonly audience: readonly string[]
  /** Absent: nothing narrows beyond the delegation. */
  readonly scope?: readonly string[]
  /** Absent: bound to no key, where the settings allow that. */
  readonly binding?: NonNullable<TokenRow['binding']>
  /** Refresh family that it comes from. */
  readonly family?: string
  /** Token that it is exchanged for: it dies with that. */
  readonly parent?: string
  /** Who alone may exchange it; such a token hands the delegation on, and opens nothing. */
  readonly mayAct?: string
  /** `client_id`; the SPIFFE ID of the instance where it is left out. */
  readonly client?: string
  /** ms since the epoch: what it comes from ends then, and so does it. */
  readonly notAfter?: number
}

/** A token that is checked and not recorded yet. */
export interface Draft {
  readonly row: TokenRow
  readonly holder: TokenHolder
  readonly client: string
  /** The highest first. */
  readonly chain: readonly Delegation[]
  readonly parties: Parties
  /** Person id on whose behalf; empty where there is none. */
  readonly person: string
}

/** Checks a request against what holds now. `count`: tokens that the instance has already. */
export function drafted(ports: TokenPorts, of: TokenRequest, id: string, count: number): Draft {
  const holder = ports.holders.live(of.instance)
  const now = ports.clock.now()
  if (holder === undefined || now >= holder.lifeEnds) {
    throw tokenFault('token.instance_gone', 'the instance is not live')
  }
  if (count >= MAX_TOKENS) {
    throw tokenFault('token.too_many', `the instance has ${MAX_TOKENS} tokens that are live`)
  }
  const chain = chainFor(ports, of, holder)
  checkScope(of.scope, chain)
  if (of.audience.length < 1 || of.audience.length > MAX_AUDIENCE) {
    throw tokenFault('token.audience', `a token is for 1 to ${MAX_AUDIENCE} resources`)
  }
  const expiresAt = ends(ports, of, holder, chain)
  if (expiresAt < now + 1_000) throw tokenFault('token.too_late', 'less than a second is left')
  const delegation = chain.at(-1)?.id
  const row: TokenRow = {
    id,
    instance: holder.id,
    ...(delegation === undefined ? {} : { delegation }),
    audience: of.audience,
    ...(of.scope === undefined ? {} : { scope: of.scope }),
    ...(of.binding === undefined ? {} : { binding: of.binding }),
    ...(of.mayAct === undefined ? {} : { mayAct: of.mayAct }),
    ...(of.family === undefined ? {} : { family: of.family }),
    ...(of.parent === undefined ? {} : { parent: of.parent }),
    state: 'live',
    createdAt: now,
    expiresAt,
  }
  const actor = of.mayAct === undefined ? holder.spiffeId : undefined
  return {
    row,
    holder,
    client: of.client ?? holder.spiffeId,
    chain,
    parties: parties(actor, chain, ports.trustDomain),
    person: chain[0]?.person ?? '',
  }
}

/** The chain that the token is under, the highest first; it has to be this instance's, or one that it passes on. */
function chainFor(ports: TokenPorts, of: TokenRequest, holder: TokenHolder): readonly Delegation[] {
  const id = of.delegation ?? holder.delegation
  if (id === undefined) {
    if (of.mayAct === undefined) return []
    throw tokenFault('token.not_its_delegation', 'nothing is passed on without a delegation')
  }
  const chain = ordered(ports.chains.chainOf(id) ?? [], id)
  const last = chain?.at(-1)
  if (chain === undefined || last === undefined) {
    throw tokenFault('token.delegation_over', 'the delegation does not hold')
  }
  const owner = of.mayAct === undefined ? last.instance : last.by?.instance
  if (owner !== holder.id) {
    throw tokenFault('token.not_its_delegation', 'the delegation is not that of the instance')
  }
  return chain
}

function checkScope(scope: readonly string[] | undefined, chain: readonly Delegation[]): void {
  if (scope === undefined) return
  if (scope.length < 1 || scope.length > MAX_PATTERNS || !scope.every(isScopePattern)) {
    throw tokenFault('token.scope', 'the scope is not a list of patterns')
  }
  if (chain.some((one) => one.scope !== undefined && !scopeNarrows(one.scope, scope))) {
    throw tokenFault('token.wider', 'the scope is wider than that of the delegation')
  }
}

/** When the token ends, in ms and on a whole second: with the first of all that it hangs on. */
function ends(
  ports: TokenPorts,
  of: TokenRequest,
  holder: TokenHolder,
  chain: readonly Delegation[],
): number {
  const now = ports.clock.now()
  const lives = [now + Math.min(ports.life ?? LIFE_MS, LIFE_MS), holder.lifeEnds]
  if (of.notAfter !== undefined) lives.push(of.notAfter)
  for (const { expiresAt } of chain) lives.push(expiresAt)
  if (of.binding?.kind === 'mtls') lives.push(certificateEnd(holder, of.binding.value))
  if (of.binding === undefined && of.mayAct === undefined) {
    const unboundLife = Math.min(ports.unboundLife ?? 0, UNBOUND_MS)
    if (unboundLife <= 0) throw tokenFault('token.unbound', 'the token would be bound to no key')
    lives.push(now + unboundLife)
  }
  return Math.floor(Math.min(...lives) / 1000) * 1000
}

function certificateEnd(holder: TokenHolder, value: string): number {
  const fingerprint = Buffer.from(value, 'base64url').toString('hex')
  const certificate = holder.certificates.get(fingerprint)
  if (certificate === undefined) {
    throw tokenFault('token.binding', 'the certificate is not one of this instance')
  }
  return certificate.notAfter
}
