// Holds what a request presents: the checks that only the surface can make, in the order in which they run.

import type { IncomingMessage } from 'node:http'
import type { DpopProof } from '../../wire/dpop.ts'
import type { Presented } from '../../wire/presented.ts'
import { readAuthorization } from './authorization.ts'
import { readProof } from './proof.ts'
import { refuseQueryToken } from './query.ts'
import { isRefusal, refuseCredential, type CredentialRefusal } from './refusal.ts'
import { originNamed, originsOf, type Surface } from './surface.ts'

/** What was presented; the proof is used up once it is known who sent it. */
export interface Shown {
  readonly presented: Presented
  readonly proof?: DpopProof
}

/**
 * Reads the credential of a request for `path`, e.g. `/mcp/files`. What it is worth is the authority's to say; a token
 * goes no further than there (INV-3: nothing that arrives here is forwarded).
 */
export function present(
  request: IncomingMessage,
  surface: Surface,
  of: {
    readonly path: string
    readonly certificate: string | undefined
    /** Paths of what is asked for, the first its own: a token for any of them will do. Absent: `path` alone. */
    readonly resources?: readonly string[]
  },
): Shown | CredentialRefusal {
  const { path, certificate, resources: faces = [path] } = of
  const inQuery = refuseQueryToken(request.url ?? '')
  if (inQuery !== undefined) return inQuery
  const [own = '', ...others] = originsOf(surface)
  const resource = `${own}${faces[0] ?? path}`
  const token = request.headers.authorization === undefined ? undefined : readAuthorization(request)
  if (isRefusal(token)) return token
  const byCertificate = {
    ...(certificate !== undefined && { certificate }),
    ...taskNamed(request),
  }
  if (token === undefined) {
    return certificate === undefined
      ? refuseCredential('authenticate.no_credential', nothingShown(surface))
      : { presented: { ...byCertificate, resource } }
  }
  const aliases = [own, ...others]
    .flatMap((origin) => faces.map((face) => `${origin}${face}`))
    .filter((url) => url !== resource)
  const presented: Presented = { ...byCertificate, token, resource, aliases }
  if (token.scheme === 'Bearer') return { presented }
  const origin = originNamed(surface, request.headers.host) ?? own
  const proof = readProof(request, surface, { url: `${origin}${path}`, token: token.text })
  if (isRefusal(proof)) return proof
  return { presented: { ...presented, jkt: proof.jkt }, proof }
}

/** The header by which a request names its task. */
const TASK_HEADER = 'bailiwick-task'

/** The task that the header names, as it was sent: whether there is one of that name is the authority's to say. */
function taskNamed({ headers }: IncomingMessage): { readonly task?: string } {
  const value = headers[TASK_HEADER]
  // Node joins a header that was sent twice, and the authority knows no task by two ids.
  if (value === undefined) return {}
  return { task: (Array.isArray(value) ? value.join(', ') : value).trim().slice(0, 128) }
}

function nothingShown({ secure }: Surface): string {
  return secure
    ? 'neither a client certificate nor a token was shown'
    : 'no token was shown, and certificates cannot be shown here'
}
