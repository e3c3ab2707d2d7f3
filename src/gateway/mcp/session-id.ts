// Holds the id of a session: unguessable, good for one caller at one endpoint, and enough to go on with after a restart.

import { timingSafeEqual } from 'node:crypto'
import { base64url, fromBase64url, utf8 } from '../../std/bytes.ts'
import { canonicalJson, isObject, parseJson, type JsonObject } from '../../std/json.ts'
import type { SurfacePorts } from '../ports.ts'

/** What a client said when it began, already cut to what is passed on. */
export interface Begun {
  readonly door: string
  readonly version: string
  readonly capabilities: JsonObject
}

/** Characters of an id: what clients may be able to do is a few words. */
const MOST = 2_048
const RANDOM_BYTES = 24

/** Proves that this home gave an id out, to whom and for what (a commitment under a key of the home). */
function mark(
  { commitments }: Pick<SurfacePorts, 'commitments'>,
  head: string,
  { door, owner }: { readonly door: string; readonly owner: string },
): string {
  const text = canonicalJson(['mcp-session', head, door, owner])
  return commitments.commit(text).replace('hmac-sha256:', '')
}

/** A new id. */
export function sessionId(
  ports: Pick<SurfacePorts, 'commitments' | 'entropy'>,
  of: Begun & { readonly owner: string },
): string {
  const { capabilities, version } = of
  const said = base64url(utf8(canonicalJson({ capabilities, version })))
  const head = `${base64url(ports.entropy.bytes(RANDOM_BYTES))}.${said}`
  return `${head}.${mark(ports, head, of)}`
}

/** What an id says; undefined where this home did not give it to this caller for this endpoint. */
export function readSessionId(
  ports: Pick<SurfacePorts, 'commitments'>,
  id: string,
  of: { readonly door: string; readonly owner: string },
): Begun | undefined {
  const [random, said, proof, ...more] = id.length > MOST ? [] : id.split('.')
  if (random === undefined || said === undefined || proof === undefined || more.length > 0) {
    return undefined
  }
  const expected = Buffer.from(mark(ports, `${random}.${said}`, of))
  const given = Buffer.from(proof)
  if (expected.length !== given.length || !timingSafeEqual(expected, given)) return undefined
  const tree = parseJson(fromBase64url(said) ?? new Uint8Array())
  if (!isObject(tree)) return undefined
  const { capabilities, version } = tree
  if (!isObject(capabilities) || typeof version !== 'string') return undefined
  return { door: of.door, version, capabilities }
}
