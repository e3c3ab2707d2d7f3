// Holds finding out who is there, for a person who looks at a system: before anything is said to it.

import { Fault } from '../../std/fault.ts'
import type { Network } from '../../gateway/net/network.ts'
import { programIdentity } from '../../gateway/upstream/program.ts'
import type { McpTransport, ServerIdentity, StdioTransport } from '../../wire/system.ts'
import { serverFault } from '../faults.ts'

/**
 * What a system is known by now; undefined where nobody vouches for it, because it is spoken to without TLS. Rejects where its program
 * cannot be read, or where no connection comes to be that can be trusted.
 */
export async function identityOf(
  transport:
    | StdioTransport
    | Pick<McpTransport, 'kind' | 'url' | 'reach'>
    | { readonly kind: 'api'; readonly url: string; readonly reach: McpTransport['reach'] },
  network: Pick<Network, 'dial'>,
): Promise<ServerIdentity | undefined> {
  if (transport.kind === 'stdio') return programIdentity(transport)
  const url = new URL(transport.url)
  if (url.protocol !== 'https:') return undefined
  let chain: readonly string[] | undefined
  // The connection ends as soon as it is known whom it leads to: not a byte of a request goes out.
  const enough = serverFault('system.changed', 'the certificate has been looked at')
  const peer = {
    key: 'looking',
    check: (found: readonly string[]): Fault => {
      chain = found
      return enough
    },
  }
  try {
    const dial = network.dial(url, { reach: transport.reach, peer })
    const answer = await dial.request({ method: 'GET', path: '/' })
    answer.body.destroy()
  } catch (error) {
    if (error !== enough) throw error
  }
  if (chain === undefined) throw serverFault('system.changed', 'no certificate was shown')
  return { kind: 'certificate', host: url.host, chain }
}
