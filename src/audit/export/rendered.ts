// Holds the forms in which a record goes out as text: as it stands in the log with its place, or as an OCSF event.

import { canonicalJson, type JsonObject } from '../../std/json.ts'
import type { ExportEvent } from './sink.ts'
import { ocsfEvent } from './ocsf.ts'

/** One JSON document without a line end. With `record`, what is in it can be held against the log: index, origin, leaf hash. */
export function rendered(event: ExportEvent, format: 'ocsf' | 'record'): string {
  if (format === 'ocsf') return canonicalJson(ocsfEvent(event))
  const { index, leaf, origin, record } = event
  return canonicalJson({ index, leaf, origin, record: { ...record } as JsonObject })
}
