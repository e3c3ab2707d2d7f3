// Holds whether bytes are what they are said to be: the signatures of the media types that models are shown.

/** What bytes of a type begin with, as Latin-1; of each type one is enough (WHATWG MIME Sniffing §6). */
const SIGNATURES: Readonly<Record<string, readonly RegExp[]>> = {
  'image/png': [/^\x89PNG\r\n\x1a\n/],
  'image/jpeg': [/^\xff\xd8\xff/],
  'image/gif': [/^GIF8[79]a/],
  'image/webp': [/^RIFF[^]{4}WEBP/],
  'image/bmp': [/^BM/],
  'image/tiff': [/^(?:II\*\0|MM\0\*)/],
  'image/avif': [/^[^]{4}ftyp/],
  'image/heic': [/^[^]{4}ftyp/],
  'image/x-icon': [/^\0\0\x01\0/],
  'application/pdf': [/^[^]{0,1024}%PDF-/],
  'application/zip': [/^PK(?:\x03\x04|\x05\x06|\x07\x08)/],
  'application/gzip': [/^\x1f\x8b/],
  'audio/wav': [/^RIFF[^]{4}WAVE/],
  'audio/mpeg': [/^ID3/, /^\xff[\xe0-\xff]/],
  'audio/ogg': [/^OggS/],
  'audio/flac': [/^fLaC/],
  'video/mp4': [/^[^]{4}ftyp/],
  'video/webm': [/^\x1a\x45\xdf\xa3/],
}

const SAME: Readonly<Record<string, string>> = {
  'image/jpg': 'image/jpeg',
  'image/vnd.microsoft.icon': 'image/x-icon',
  'audio/x-wav': 'audio/wav',
  'audio/wave': 'audio/wav',
  'audio/mp3': 'audio/mpeg',
  'application/x-gzip': 'application/gzip',
}

/** Bytes that a signature needs. */
export const SNIFFED = 1_040

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
  if (signatures !== undefined) return !signatures.some((one) => one.test(latin))
  if (type.startsWith('image/') || type.startsWith('audio/') || type.startsWith('video/')) {
    return !isTextual(type) && /^\s*<(?:!doctype|html|svg|script|\?xml)/i.test(latin)
  }
  return false
}
