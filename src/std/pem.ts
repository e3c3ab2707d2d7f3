// Holds PEM (RFC 7468): the text form of certificates and requests, read strictly.

import { faults, type FaultCatalogue } from './fault.ts'

/** Codes of the reader. */
export const PEM_FAULTS = {
  'pem.malformed': { status: 400, next: 'send PEM text as RFC 7468 defines it' },
} as const satisfies FaultCatalogue

const fault = faults(PEM_FAULTS)

/** Labels that the product reads and writes. */
export type PemLabel = 'CERTIFICATE' | 'CERTIFICATE REQUEST'

/** One block, lines of 64 characters, a line feed after each. */
export function pem(label: PemLabel, der: Uint8Array): string {
  const body = Buffer.from(der.buffer, der.byteOffset, der.byteLength).toString('base64')
  const lines = body.match(/.{1,64}/g) ?? []
  return `-----BEGIN ${label}-----\n${lines.map((line) => `${line}\n`).join('')}-----END ${label}-----\n`
}

/** The DER of every block, in order; text that holds anything else is refused with a Fault of PEM_FAULTS. */
export function readPem(label: PemLabel, text: string): Uint8Array[] {
  const out: Uint8Array[] = []
  const begin = `-----BEGIN ${label}-----`
  const end = `-----END ${label}-----`
  let rest = text.replaceAll('\r\n', '\n').trim()
  while (rest !== '') {
    const stop = rest.indexOf(end)
    if (!rest.startsWith(`${begin}\n`) || stop < 0) {
      throw fault('pem.malformed', `expected a block labelled ${label}`)
    }
    const body = rest.slice(begin.length, stop).replaceAll('\n', '')
    const der = Buffer.from(body, 'base64')
    if (body === '' || der.toString('base64') !== body) {
      throw fault('pem.malformed', 'the body of a block is not base64')
    }
    out.push(new Uint8Array(der))
    rest = rest.slice(stop + end.length).trimStart()
  }
  return out
}
