// Holds what calls go out with: the credentials of a system, opened for one recorded call and for no longer (INV-3).

import type { CredentialUsage } from '../authority/secrets/usage.ts'
import type { Secrets } from '../authority/secrets/secrets.ts'
import { CallEnd } from '../gateway/call.ts'
import { NOTHING_EQUIPPED, type Equipment } from '../gateway/equipment.ts'
import { gatewayFault } from '../gateway/faults.ts'
import type { CredentialPort, Equippable } from '../gateway/ports.ts'
import type { StdioTransport } from '../wire/system.ts'
import { equipBasic } from './credentials/basic.ts'
import { equipClientCredentials } from './credentials/client-credentials.ts'
import type { EquipParts, Equipped, Equipping } from './credentials/equipping.ts'
import { credentialFault } from './credentials/faults.ts'
import { equipHeader } from './credentials/header.ts'
import { equipMtls } from './credentials/mtls.ts'
import { equipQuery } from './credentials/query.ts'
import { equipSigv4 } from './credentials/sigv4.ts'
import { onward, together, type CredentialSources, type Opened } from './credentials/source.ts'
import { equipTokenExchange } from './credentials/token-exchange.ts'
import { equipUser } from './credentials/user.ts'
import type { UpstreamAuth } from '../wire/upstream-auth.ts'

/** What the port is filled from. */
export interface EquipmentParts extends EquipParts {
  readonly secrets: Pick<Secrets, 'get' | 'removed'>
  readonly sources: Pick<CredentialSources, 'open'>
  readonly usage: Pick<CredentialUsage, 'note'>
}

/** Fills the gateway's port. A call whose intent is not on record gets nothing. */
export function credentialPort(parts: EquipmentParts): CredentialPort {
  return {
    equip: (call) => {
      if (call.intent === undefined) {
        throw credentialFault('credential.no_intent', 'the call is not on record')
      }
      const { signal } = call.request.control
      try {
        const equipped = equipment(call, parts)
        return equipped instanceof Promise
          ? equipped.catch((error: unknown) => Promise.reject(failure(error, signal)))
          : equipped
      } catch (error) {
        throw failure(error, signal)
      }
    },
  }
}

/** A call that was ended while its credentials were fetched ends for that reason, and not for what then failed. */
function failure(error: unknown, signal: AbortSignal): Error {
  const reason: unknown = signal.aborted ? signal.reason : undefined
  if (reason instanceof CallEnd) return gatewayFault(reason.code, reason.detail)
  return error instanceof Error ? error : new Error('a credential could not be opened')
}

function equipment(call: Equippable, parts: EquipmentParts): Equipped {
  const { transport, name: system } = call.system
  const { signal } = call.request.control
  const open = (name: string, perCall = false): Opened | Promise<Opened> => {
    const opened = parts.sources.open({ system, name, perCall, signal })
    // Another value may fail first, and then nobody waits for this one.
    if (opened instanceof Promise) opened.catch(() => undefined)
    // Where two agents go out with one value, a person should know.
    if (parts.secrets.get(system, name) !== undefined) {
      parts.usage.note(system, name, call.actor.agent)
    }
    return opened
  }
  if (transport.kind === 'external' || transport.kind === 'web') return NOTHING_EQUIPPED
  if (transport.kind === 'stdio') return environment(system, transport, parts, open)
  const { spiffeId, delegation } = call.actor
  const who = { spiffeId, person: delegation?.person ?? '' }
  return equipped(transport.auth, { system, transport, who, signal, parts, open })
}

/** What one way of authenticating makes of a call. */
export function equipped(auth: UpstreamAuth, of: Omit<Equipping<'none'>, 'auth'>): Equipped {
  switch (auth.kind) {
    case 'none':
      return NOTHING_EQUIPPED
    case 'header':
      return equipHeader({ ...of, auth })
    case 'query':
      return equipQuery({ ...of, auth })
    case 'basic':
      return equipBasic({ ...of, auth })
    case 'client_credentials':
      return equipClientCredentials({ ...of, auth })
    case 'token_exchange':
      return equipTokenExchange({ ...of, auth })
    case 'user':
      return equipUser({ ...of, auth })
    case 'mtls':
      return equipMtls({ ...of, auth })
    case 'sigv4':
      return equipSigv4({ ...of, auth })
  }
}

/** The environment of a program: what its transport names and no more. A value that was removed keeps it from being called. */
function environment(
  system: string,
  { env }: StdioTransport,
  { secrets }: Pick<EquipmentParts, 'secrets'>,
  open: (name: string) => Opened | Promise<Opened>,
): Equipped {
  const names = env.filter((name) => {
    if (secrets.get(system, name) !== undefined) return true
    if (!secrets.removed(system, name)) return false
    throw credentialFault('credential.missing', `${system} needs ${name}, which was removed`)
  })
  if (names.length === 0) return NOTHING_EQUIPPED
  const all = together(names.map((name) => open(name)))
  return onward(all, (values): Equipment => {
    const environment = Object.create(null) as Record<string, string>
    names.forEach((name, at) => (environment[name] = values[at]!.value))
    const used = values.map(({ id }) => id)
    return {
      ...NOTHING_EQUIPPED,
      environment,
      secrets: values.map(({ value }) => value),
      // Another version of a value is another account: a program that runs with the old one is started anew.
      account: used.join(' '),
      used,
    }
  })
}
