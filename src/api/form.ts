// Holds the reading of a form that a page of ours sends.

import { fault } from './faults.ts'
import { DetailedFault } from './problem.ts'

/** Fields of one form. */
const MOST_FIELDS = 256

/** The fields by name. Throws `api.media_type`, or `api.invalid` where a name stands twice or there are too many. */
export function formTree(request: Request, body: Uint8Array): Readonly<Record<string, string>> {
  const type = request.headers.get('content-type') ?? ''
  if (!/^application\/x-www-form-urlencoded\s*(?:;\s*charset=utf-8\s*)?$/i.test(type)) {
    throw fault('api.media_type', 'the body is not declared as a form')
  }
  const fields = Object.create(null) as Record<string, string>
  let count = 0
  for (const [name, value] of new URLSearchParams(Buffer.from(body).toString('utf8'))) {
    count += 1
    if (name in fields || count > MOST_FIELDS) {
      throw DetailedFault.invalid([{ path: `form.${name.slice(0, 64)}`, message: 'stands twice' }])
    }
    fields[name] = value
  }
  return fields
}
