// Holds what a system is looked at with, before anybody pinned it: the values that a person has just given, and nothing of anybody's.

import { NOTHING_EQUIPPED, type Equipment } from '../../gateway/equipment.ts'
import type { McpTransport, StdioTransport } from '../../wire/system.ts'
import { credentialFault } from './faults.ts'

/** Equipment from values by name. Throws `credential.missing`, or `credential.looking` for what is only there for a call. */
export function equipToLook(
  transport: StdioTransport | McpTransport,
  values: Readonly<Record<string, string>>,
): Equipment {
  const secrets = Object.values(values)
  if (transport.kind === 'stdio') return { ...NOTHING_EQUIPPED, environment: values, secrets }
  const value = (name: string): string => {
    const found = Object.hasOwn(values, name) ? values[name] : undefined
    if (found === undefined) throw credentialFault('credential.missing', `it needs ${name}`)
    return found
  }
  const { auth } = transport
  switch (auth.kind) {
    case 'header': {
      const all = [auth, ...(auth.more ?? [])]
      const said = all.map(({ header, prefix = '', secret }) => [header, prefix + value(secret)])
      return { ...NOTHING_EQUIPPED, headers: Object.fromEntries(said), secrets }
    }
    case 'query':
      return { ...NOTHING_EQUIPPED, query: { [auth.parameter]: value(auth.secret) }, secrets }
    case 'basic': {
      const pair = Buffer.from(`${auth.user}:${value(auth.secret)}`, 'utf8').toString('base64')
      const headers = { authorization: `Basic ${pair}` }
      return { ...NOTHING_EQUIPPED, headers, secrets: [...secrets, pair] }
    }
    default:
      // Tokens are minted for calls: who looks is told what the system shows to whoever has none.
      return { ...NOTHING_EQUIPPED, secrets }
  }
}
