// Holds the removal of links and images that lead where policy does not allow: in Markdown, in HTML and bare.

import { mayLead, type HostLists } from './link-hosts.ts'
import { readings, type Decoded } from './decoded.ts'
import type { Effort } from './effort.ts'

/** What stands where an address was. */
const NO_LINK = '[link removed by bailiwick]'

/** Most characters of one address: what is longer is taken to be one all the same. */
const MOST = 8_192

/** An address that says its scheme, or what browsers and Markdown take for one. It ends where a text goes on. */
const BARE =
  /(?:https?|wss?|ftps?):[\t\n\r]?[\\/]{0,4}(?:[^\s<>"'`|{}[\]@]{0,256}@)?(?:\[[0-9A-Fa-f:.]{2,45}\])?[^\s<>"'`|{}[\]]{0,8192}|(?:data|javascript|vbscript|blob|filesystem):[^\s<>"'`[\]]{1,8192}|(?<![\w@.-])www\.[^\s<>"'`|{}[\]]{1,2048}/gi

/** Where an address stands that need not say its scheme: after `](`, a reference `]:`, an attribute, `url(`. */
const PLACED =
  /\]\([\t\n\r ]{0,64}<?|\]:[\t\n\r ]{0,64}<?|<(?=[\w+.-]{1,16}:|[\\/]{2})|\b(?:src|href|srcset|action|formaction|poster|background|data|cite|ping|xlink:href|content|longdesc|manifest|imagesrcset)[\t\n\r ]{0,16}=[\t\n\r ]{0,16}["'`]?|url\([\t\n\r ]{0,16}["']?/gi

/** What an address in such a place consists of: browsers drop tabs and line breaks from the middle of it. */
const ADDRESS = /[^<>"'`)\]}]{1,8192}/y

/** What a text about a link ends with, and no address does. */
const TRAILING = /[.,;:!?)*_~]+$/

interface Found {
  readonly from: number
  readonly to: number
}

/** True where no address can stand: nearly every text. */
function none(text: string): boolean {
  return !/:|www\.|[\\/]{2}/i.test(text)
}

function bare(text: string, lists: HostLists, found: Found[]): void {
  for (const { 0: whole, index } of text.matchAll(BARE)) {
    const address = whole.replace(TRAILING, '')
    const host = /^www\./i.test(address) ? `https://${address}` : address
    if (!mayLead(host, lists)) found.push({ from: index, to: index + address.length })
  }
}

function placed(text: string, lists: HostLists, found: Found[]): void {
  for (const { 0: before, index } of text.matchAll(PLACED)) {
    const from = index + before.length
    ADDRESS.lastIndex = from
    const whole = ADDRESS.exec(text)?.[0]
    if (whole === undefined) continue
    // Several addresses stand in a `srcset`; a title may stand after the one of Markdown; `content` names one after `url=`.
    const compact = whole.slice(0, MOST).replaceAll(/[\t\n\r]/g, '')
    const parts = [...compact.split(/[ ,]+/), compact.replace(/^[^=]*url=/i, '')]
    const inTag = /[=(]/.test(before) || before.startsWith(']') || before.startsWith('<')
    if (inTag && parts.some((part) => leads(part) && !mayLead(part, lists))) {
      found.push({ from, to: from + whole.trimEnd().length })
    }
  }
}

/** True where a part can lead anywhere: an absolute address, or one that names a host alone. */
function leads(part: string): boolean {
  return /^(?:[a-z][a-z0-9+.-]{0,30}:|[\\/]{2})/i.test(part)
}

function inReading({ text }: Pick<Decoded, 'text'>, lists: HostLists): Found[] {
  if (none(text)) return []
  const found: Found[] = []
  bare(text, lists, found)
  placed(text, lists, found)
  return found
}

/** A text without links that lead to other hosts than these, and how many there were; undefined where there are none. */
export function withoutLinks(
  text: string,
  lists: HostLists,
  effort: Effort,
): { readonly text: string; readonly removed: number } | undefined {
  const found = inReading({ text }, lists)
  for (const reading of readings(text, effort)) {
    for (const { from, to } of inReading(reading, lists)) {
      found.push({ from: reading.origin(from), to: reading.origin(to) })
    }
    // What could not be read again can hold anything.
    if (reading.unread !== undefined) found.push({ from: reading.unread, to: text.length })
  }
  if (found.length === 0) return undefined
  let out = ''
  let at = 0
  let removed = 0
  for (const { from, to } of found.sort((a, b) => a.from - b.from || b.to - a.to)) {
    if (from >= at) {
      out += text.slice(at, from) + NO_LINK
      removed += 1
    }
    at = Math.max(at, to)
  }
  return { text: out + text.slice(at), removed }
}
