// Holds the check of an address that a system wants a person to open: it is the system's own, and safe to be opened.

import { isLoopbackAddress } from '../../std/special-address.ts'
import type { JsonObject } from '../../std/json.ts'
import type { SystemDefinition } from '../../wire/system.ts'

/** Characters of an address. */
const MOST = 2_048

/** Hosts that are a system's own: where it is reached, or where its registration lets it connect to. */
function hostsOf({ transport }: SystemDefinition): readonly string[] {
  if (transport.kind === 'mcp' || transport.kind === 'api') return [new URL(transport.url).hostname]
  if (transport.kind === 'stdio') {
    return (transport.sandbox?.network ?? []).map((host) => host.split(':', 1)[0]!)
  }
  return []
}

/** Why the address of an elicitation may not be shown; undefined where it may, or where it has none. */
export function addressProblem(params: JsonObject, system: SystemDefinition): string | undefined {
  const { mode, url } = params
  if (mode === undefined || mode === 'form')
    return url === undefined ? undefined : 'a form has no address'
  if (mode !== 'url' || typeof url !== 'string') return 'it asks in a way that is not known'
  if (url.length > MOST || !URL.canParse(url)) return 'its address is none'
  const { protocol, hostname, username, password } = new URL(url)
  if (username !== '' || password !== '') return 'its address holds a credential'
  const host = hostname.replace(/^\[|\]$/g, '')
  const near = host === 'localhost' || isLoopbackAddress(host)
  const reach = 'reach' in system.transport ? system.transport.reach : undefined
  if (protocol !== 'https:' && !(protocol === 'http:' && near && reach?.private === true)) {
    return 'its address is not https'
  }
  const own = hostsOf(system).some((one) => hostname === one || hostname.endsWith(`.${one}`))
  return own ? undefined : 'its address is not on a host of the system'
}
