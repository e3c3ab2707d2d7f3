// Holds a syslog message (RFC 5424), and how messages stand on a stream (RFC 5425 §4.3).

import { utf8 } from '../../std/bytes.ts'
import type { ExportEvent } from './sink.ts'

/** Facility 13, log audit (RFC 5424 §6.2.1). */
const FACILITY = 13
const WARNING = 4
const NOTICE = 5
const INFORMATIONAL = 6
/** Byte order mark before a message that is UTF-8 (§6.4). */
const BOM = '\uFEFF'

/** One message: what is refused is a warning, what changes authority a notice, the rest informational. */
export function syslogMessage(event: ExportEvent, host: string, message: string): string {
  const { record, index, leaf } = event
  const pri = FACILITY * 8 + severity(record.type, record.phase)
  const data = [
    ['index', String(index)],
    ['leaf', leaf],
    ['id', record.id],
  ].map(([name, value]) => `${name}="${paramValue(value ?? '')}"`)
  const head = [`<${pri}>1`, record.ts, name(host, 255), 'bailiwick', name(record.gateway, 128)]
  return `${head.join(' ')} ${name(record.type, 32)} [bailiwick@32473 ${data.join(' ')}] ${BOM}${message}`
}

/** The message with its length in bytes before it (RFC 5425 §4.3.1): no text inside can end it early. */
export function octetCounted(message: string): Uint8Array {
  const bytes = utf8(message)
  return Buffer.concat([utf8(`${bytes.length} `), bytes])
}

function severity(type: string, phase: string): number {
  if (type === 'call.denied' || type.startsWith('finding.') || type.startsWith('refusals.')) {
    return WARNING
  }
  return phase === 'admin' || phase === 'lifecycle' ? NOTICE : INFORMATIONAL
}

/** Printable ASCII of bounded length, or the nil value (§6.2.4 to §6.2.7). */
function name(text: string, most: number): string {
  return text.replaceAll(/[^!-~]/g, '?').slice(0, most) || '-'
}

/** Quote, backslash and closing bracket are escaped (§6.3.3). */
function paramValue(text: string): string {
  return text.replaceAll(/["\\\]]/g, String.raw`\$&`)
}
