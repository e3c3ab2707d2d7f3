// Holds the look at bytes in Base64: what they are said to be, and the secrets in them; text among them is looked at as text.

import { deny } from '../denial.ts'
import { essence, isTextual, lies, SNIFFED } from './media.ts'
import { lookAt, type TextLook } from './text.ts'

/** RFC 4648 §4 and §5, padded or not. */
const BASE64 = /^[A-Za-z0-9+/_-]*={0,2}$/
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** True where a text is bytes in Base64 and nothing else: what is not is looked at as text, whatever it is said to be. */
export function isBase64(text: string): boolean {
  return BASE64.test(text)
}

function readable(bytes: Buffer): string | undefined {
  try {
    return utf8.decode(bytes)
  } catch (error) {
    if (error instanceof TypeError) return undefined
    throw error
  }
}

/** Bytes as they may be seen; the same text where there is nothing to change. Refuses what is not what it is said to be. */
export function lookAtBase64(
  data: string,
  type: string | undefined,
  look: TextLook,
  pointer: () => string,
): string {
  const kind = type === undefined ? undefined : essence(type)
  const head = Buffer.from(data.slice(0, Math.ceil(SNIFFED / 3) * 4), 'base64')
  if (kind !== undefined && lies(kind, head)) {
    look.finding.refuse(
      deny('inspect.bad_type', 'the answer holds data that is not of the type that it names'),
    )
    return ''
  }
  if (kind !== undefined && isTextual(kind)) {
    const text = readable(Buffer.from(data, 'base64'))
    if (text === undefined) {
      look.finding.refuse(
        deny('inspect.bad_type', 'the answer holds data that is named text and is not UTF-8'),
      )
      return ''
    }
    const seen = lookAt(text, look, pointer)
    if (seen !== text) return Buffer.from(seen, 'utf8').toString('base64')
  }
  return overwritten(data, look)
}

/** Secrets of the call in the bytes, in any form: overwritten, so that what is around them stays what it was. */
function overwritten(data: string, { own, finding }: TextLook): string {
  if (own === undefined) return data
  const bytes = Buffer.from(data, 'base64').toString('latin1')
  const clean = own.overwritten(bytes)
  const without = clean === bytes ? data : Buffer.from(clean, 'latin1').toString('base64')
  const filled = own.overwritten(without)
  if (filled !== data) finding.did('own', 1)
  return filled
}
