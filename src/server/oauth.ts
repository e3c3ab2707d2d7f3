// Holds the wiring of tokens and of the authorization server: their ports filled from the authority's own memory.

import type { Clock } from '../std/clock.ts'
import type { Entropy } from '../std/entropy.ts'
import type { Timer } from '../std/timer.ts'
import { OAuthServer } from '../api/oauth/server.ts'
import type { OAuthPorts } from '../api/oauth/ports.ts'
import type { Identities } from '../authority/identity/identities.ts'
import type { Authority } from '../authority/open.ts'
import { Tokens } from '../authority/tokens/tokens.ts'
import type { TokenKey } from '../keys/ring.ts'
import type { Store } from '../store/open.ts'
import type { Observe } from '../wire/observation.ts'
import type { AuditSink } from '../wire/record.ts'
import type { Settings } from './settings.ts'

/** What tokens are opened over. */
export interface TokenParts {
  readonly settings: Pick<Settings, 'issuer' | 'unboundTokensMs'>
  readonly machine: { readonly clock: Clock; readonly entropy: Entropy; readonly timer: Timer }
  readonly store: Store
  readonly audit: AuditSink
  readonly signer: TokenKey
  readonly trustDomain: string
  readonly identities: Identities
  readonly delegations: Authority['delegations']
  /** URL of the identity listener, once it has its port. */
  readonly identityUrl: () => string
  readonly onTrouble: (error: unknown) => void
}

/** Opens the tokens of a home. */
export function openTokens(parts: TokenParts): Promise<Tokens> {
  const { audit, identities, identityUrl, machine, onTrouble, settings, signer, store } = parts
  return Tokens.open({
    ...machine,
    store,
    audit,
    signer,
    trustDomain: parts.trustDomain,
    issuer: () => settings.issuer ?? identityUrl(),
    holders: {
      live: (id) => identities.live(id),
      onGone: (listener) => identities.onGone((instance) => listener(instance)),
    },
    chains: parts.delegations,
    onTrouble,
    unboundLife: settings.unboundTokensMs,
  })
}

/** What the authorization server is made of. */
export interface OAuthParts extends Pick<
  OAuthPorts,
  'tokens' | 'resources' | 'trustDomain' | 'grants' | 'authorizationEndpoint' | 'revokers'
> {
  readonly machine: { readonly clock: Clock; readonly entropy: Entropy }
  readonly identities: Identities
  readonly delegations: Authority['delegations']
  readonly observe: Observe
}

/** Makes the authorization server. */
export function oauthServer({ identities, machine, ...parts }: OAuthParts): OAuthServer {
  return new OAuthServer({
    ...parts,
    clock: machine.clock,
    entropy: machine.entropy,
    clients: {
      live: (id) => identities.live(id),
      holderOf: (certificate) => {
        const actor = identities.actorOf(certificate)
        return actor === undefined ? undefined : identities.live(actor.instance)
      },
    },
  })
}
