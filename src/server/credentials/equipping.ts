// Holds what every kind of authentication is given to equip one call with.

import type { ApiTransport, McpTransport } from '../../wire/system.ts'
import type { UpstreamAuth } from '../../wire/upstream-auth.ts'
import type { UpstreamTokenStore } from '../../authority/upstream-tokens/upstream-tokens.ts'
import { NOTHING_EQUIPPED, type Equipment } from '../../gateway/equipment.ts'
import { credentialFault } from './faults.ts'
import type { OwnSvid } from './own-svid.ts'
import type { Opened } from './source.ts'
import type { Subjects } from './subject.ts'
import type { TokenCache } from './token-cache.ts'
import type { Client, TokenPorts } from './token-endpoint.ts'

/** What is shared by all calls. */
export interface EquipParts extends TokenPorts {
  readonly cache: TokenCache
  readonly svid: Pick<OwnSvid, 'get'>
  readonly subjects: Subjects
  readonly tokens: Pick<UpstreamTokenStore, 'find' | 'refreshed' | 'disconnect'>
  /** Where a person consents to a system. */
  readonly consentUrl: (system: string) => string
  /** A system that is called as each user alone, pinned or being looked at by this person; undefined for any other. */
  readonly personalOf: (system: string, person: string) => Personal | undefined
  /** The value of a credential, for something that more than one call waits for. */
  readonly openShared: (system: string, name: string) => Opened | Promise<Opened>
}

/** A system that is called as each user alone. */
export interface Personal {
  readonly system: string
  readonly transport: McpTransport | ApiTransport
  readonly auth: Auth<'user'>
  /** Its values, where they are not stored yet: a person looks at it for the first time. */
  readonly open?: (name: string) => Opened | Promise<Opened>
}

/** For whom a system is called. */
export interface Caller {
  /** Of the agent instance, or of whoever looks. */
  readonly spiffeId: string
  /** Person id; empty: nobody stands behind it. */
  readonly person: string
}

/** One way of authenticating. */
export type Auth<K extends UpstreamAuth['kind']> = Extract<UpstreamAuth, { readonly kind: K }>

/** One call that is to be equipped. */
export interface Equipping<K extends UpstreamAuth['kind']> {
  readonly system: string
  readonly transport: McpTransport | ApiTransport
  readonly auth: Auth<K>
  readonly who: Caller
  readonly signal: AbortSignal | undefined
  readonly parts: EquipParts
  /** The same for what more than one call waits for; absent: what is stored. */
  readonly shared?: (name: string) => Opened | Promise<Opened>
  /** The value of a credential of the system. */
  readonly open: (name: string, perCall?: boolean) => Opened | Promise<Opened>
}

/** What a kind makes of a call. */
export type Equipped = Equipment | Promise<Equipment>

/** Equipment of one header. Throws `credential.value` for what cannot stand in one. */
export function headerEquipment(
  header: string,
  value: string,
  of: Pick<Equipment, 'secrets' | 'account' | 'used' | 'conclude'>,
): Equipment {
  // RFC 9110 §5.5; beyond ASCII nobody reads the same.
  if (!/^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/.test(value)) {
    throw credentialFault('credential.value', 'the value cannot stand in a header')
  }
  return { ...NOTHING_EQUIPPED, headers: { [header.toLowerCase()]: value }, ...of }
}

/** Equipment of a bearer token (RFC 6750 §2.1). */
export function bearerEquipment(
  token: string,
  of: Pick<Equipment, 'account' | 'used' | 'conclude'>,
): Equipment {
  return headerEquipment('authorization', `Bearer ${token}`, { ...of, secrets: [token] })
}

/** Who we are to the token endpoint of a system: with its secret, or with our own SVID (RFC 8705). */
export function clientOf(
  parts: Pick<EquipParts, 'svid'>,
  auth: Pick<Auth<'user'>, 'clientId'>,
  secret: Opened | undefined,
  mutual: boolean,
): Client {
  return {
    id: auth.clientId,
    ...(secret !== undefined && { secret: secret.value }),
    ...(secret === undefined && mutual && { tls: parts.svid.get() }),
  }
}

/** The person on whose behalf the call is made. Throws `credential.no_user`. */
export function userOf({ person }: Caller, system: string): string {
  if (person !== '') return person
  throw credentialFault(
    'credential.no_user',
    `nobody stands behind this call, and ${system} is called as its user`,
  )
}
