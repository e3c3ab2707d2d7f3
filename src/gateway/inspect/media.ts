// Holds whether bytes are what they are said to be: the signatures of the media types that models are shown.

/**
 * What bytes of a type have, as Latin-1, and where; of each type one is enough (WHATWG MIME Sniffing §6). A type whose bytes begin
 * with a length has its signature behind that.
 */
const SIGNATURES: Readonly<Record<string, readonly (readonly [at: number, text: string])[]>> = {
  'image/png': [[0, '\x89PNG\r\n\x1a\n']],
  'image/jpeg': [[0, '\xff\xd8\xff']],
  'image/gif': [
    [0, 'GIF87a'],
    [0, 'GIF89a'],
  ],
  'image/webp': [[8, 'WEBP']],
  'image/bmp': [[0, 'BM']],
  'image/tiff': [
    [0, 'II*\0'],
    [0, 'MM\0*'],
  ],
  'image/avif': [[4, 'ftyp']],
  'image/heic': [[4, 'ftyp']],
  'image/x-icon': [[0, '\0\0\x01\0']],
  'application/pdf': [[0, '%PDF-']],
  'application/zip': [
    [0, 'PK\x03\x04'],
    [0, 'PK\x05\x06'],
  ],
  'application/gzip': [[0, '\x1f\x8b']],
  'audio/wav': [[8, 'WAVE']],
  'audio/mpeg': [
    [0, 'ID3'],
    [0, '\xff\xfb'],
    [0, '\xff\xf3'],
    [0, '\xff\xf2'],
    [0, '\xff\xfa'],
  ],
  'audio/ogg': [[0, 'OggS']],
  'audio/flac': [[0, 'fLaC']],
  'video/mp4': [[4, 'ftyp']],
  'video/webm': [[0, '\x1a\x45\xdf\xa3']],
}

const SAME: Readonly<Record<string, string>> = {
  'image/jpg': 'image/jpeg',
  'image/vnd.microsoft.icon': 'image/x-icon',
  'audio/x-wav': 'audio/wav',
  'audio/wave': 'audio/wav',
  'audio/mp3': 'audio/mpeg',
  'application/x-gzip': 'application/gzip',
}

/** Bytes that a look needs. */
export const SNIFFED = 64

/** A media type without its parameters, in lower case. */
export function essence(type: string): string {
  const found = type.split(';', 1)[0]!.trim().toLowerCase()
  return SAME[found] ?? found
}

/** True where what is of a type is text that a model or a browser reads. */
export function isTextual(type: string): boolean {
  return (
    type.startsWith('text/') ||
    /[+/](?:json|xml|yaml|x-yaml|toml|javascript|x-javascript|x-www-form-urlencoded|graphql|sql|x-sh|jsonl|x-ndjson|ndjson|csv)$/.test(
      type,
    )
  )
}

/**
 * True where bytes cannot be what they are said to be: their signature is missing, or they are said to be no program and page and
 * begin like one. A type that has no signature is believed.
 */
export function lies(type: string, head: Buffer): boolean {
  if (head.length === 0) return false
  const latin = head.subarray(0, SNIFFED).toString('latin1')
  const signatures = SIGNATURES[type]
  if (signatures !== undefined) return !signatures.some(([at, text]) => latin.startsWith(text, at))
  if (type.startsWith('image/') || type.startsWith('audio/') || type.startsWith('video/')) {
    return !isTextual(type) && /^\s*<(?:!doctype|html|svg|script|\?xml)/i.test(latin)
  }
  return false
}
