// Holds a record as a line of the Common Event Format, for collectors that read nothing newer.

import type { Json } from '../../std/json.ts'
import type { ExportEvent } from './sink.ts'
import { ocsfEvent } from './ocsf.ts'

/** OCSF severities 0 to 6 on CEF's scale of 0 to 10. */
const SEVERITY = [0, 2, 4, 6, 8, 10, 10]

/** One line: `CEF:0|vendor|product|version|class|name|severity|extension`. */
export function cefLine(event: ExportEvent, version: string): string {
  const { record, index, leaf } = event
  const { type_uid: typeUid, severity_id: severity } = ocsfEvent(event)
  const head = ['Bailiwick', 'Bailiwick', version, numeral(typeUid), record.type].map(headerText)
  const fields: readonly (readonly [string, Json | undefined])[] = [
    ['rt', Date.parse(record.ts)],
    ['externalId', record.id],
    ['act', record.action],
    ['dhost', record.system],
    ['suid', record.person],
    ['app', record.agent],
    ['request', record.call],
    ['deviceExternalId', record.gateway],
    ['outcome', record.body['status'] ?? record.body['code']],
    ['reason', record.body['reason']],
    ['cs1Label', record.instance === undefined ? undefined : 'instance'],
    ['cs1', record.instance],
    ['cs2Label', record.task === undefined ? undefined : 'task'],
    ['cs2', record.task],
    ['cs3Label', 'leafHash'],
    ['cs3', leaf],
    ['cn1Label', 'logIndex'],
    ['cn1', index],
  ]
  const extension = fields
    .flatMap(([key, value]) => {
      if (typeof value !== 'string' && typeof value !== 'number') return []
      return [`${key}=${valueText(`${value}`)}`]
    })
    .join(' ')
  return `CEF:0|${head.join('|')}|${SEVERITY[Number(severity)] ?? 2}|${extension}`
}

function numeral(value: Json | undefined): string {
  return typeof value === 'number' ? `${value}` : '0'
}

/** Backslash and bar are escaped in the header; it is one line. */
function headerText(text: string): string {
  return text.replaceAll(/[\\|]/g, '\\$&').replaceAll(/[\r\n]/g, ' ')
}

/** Backslash, equals sign and line ends are escaped in a value. */
function valueText(text: string): string {
  return text
    .replaceAll(/[\\=]/g, '\\$&')
    .replaceAll('\n', String.raw`\n`)
    .replaceAll('\r', String.raw`\r`)
}
