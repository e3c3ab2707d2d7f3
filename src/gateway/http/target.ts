// Holds the one reading of a request target: the system, the segments of the path, the query; or why there is more than one.

import { gatewayFault } from '../faults.ts'
import { decodeOnce } from './percent.ts'

/** A target as read: nothing of its text is used after this. */
export interface Target {
  readonly system: string
  /** Decoded. The last is empty where the path ends with a slash. */
  readonly segments: readonly string[]
  /** Not decoded; without its question mark. */
  readonly query: string
}

/** Characters that stand in a path (RFC 3986 §3.3), without `;`, which some servers cut a segment at. */
const PATH = /^\/http\/([a-z0-9]+(?:-[a-z0-9]+)*)((?:\/[A-Za-z0-9\-._~!$&'()*+,=:@%]*)*)$/
const QUERY = /^[\x21\x22\x24-\x7e]*$/

const MAX_SEGMENTS = 64

/**
 * Reads the target of a request under `/http/<system>/`. Whatever another reader could take for another path is refused: dot segments,
 * empty ones, slashes and backslashes that are encoded, `;` parameters, what is encoded twice, controls, absolute and authority
 * forms. Throws `http.target`.
 */
export function readTarget(url: string): Target {
  const mark = url.indexOf('?')
  const path = mark < 0 ? url : url.slice(0, mark)
  const query = mark < 0 ? '' : url.slice(mark + 1)
  const match = PATH.exec(path)
  if (match === null) throw refuse('the path holds what no path here can hold')
  if (!QUERY.test(query)) throw refuse('the query holds what no query can hold')
  const encoded = match[2]!.split('/').slice(1)
  if (encoded.length > MAX_SEGMENTS) throw refuse(`the path has more than ${MAX_SEGMENTS} segments`)
  const segments = encoded.map((one, at) => {
    if (one === '' && at < encoded.length - 1) throw refuse('a segment of the path is empty')
    return segment(one)
  })
  return { system: match[1]!, segments, query }
}

function segment(encoded: string): string {
  const decoded = decodeOnce(encoded)
  if (decoded === undefined)
    throw refuse('an escape in the path is broken, or stands for a control')
  if (decoded === '.' || decoded === '..') throw refuse('the path has a dot segment')
  if (/[/\\;]/.test(decoded)) {
    throw refuse('a slash, a backslash or a semicolon is encoded in the path')
  }
  if (/%[0-9a-f]{2}/i.test(decoded)) throw refuse('a part of the path is encoded twice')
  return decoded
}

function refuse(detail: string) {
  return gatewayFault('http.target', detail)
}
