// Holds the detector of e-mail addresses (RFC 5321 §4.1.2, dot-string local parts and host names).

import { isWord, type Detector } from './detector.ts'

const LOCAL = /[A-Za-z0-9!#$%&'*+/=?^_`{|}~.\-\u00bf-\uffff]/
/** Labels of at most 63 characters, the last of letters alone (or an IDN in its ASCII form). */
const DOMAIN =
  /(?:[A-Za-z0-9\u00bf-\uffff](?:[A-Za-z0-9\u00bf-\uffff-]{0,61}[A-Za-z0-9\u00bf-\uffff])?\.){1,8}(?:[A-Za-z\u00bf-\uffff]{2,24}|xn--[A-Za-z0-9-]{2,59})/y
/** `logo@2x.png` is a file, and no registry has such a name. */
const FILES = /\.(?:png|jpe?g|gif|svg|webp|avif|ico|js|mjs|cjs|ts|tsx|jsx|css|html?|json|py|txt)$/i
const LOCAL_MAX = 64
/** What stands before the password of a URL, or before its user. */
const USER = /\/\/(?:[^\s/@]{0,64}:)?$/
const PARTING = "/='`{|}"

/** The first character of the local part before an `@`; `at` where there is none, or where it is the user of a URL. */
function localStart(text: string, at: number): number {
  let start = at
  while (start > 0 && at - start < LOCAL_MAX && LOCAL.test(text[start - 1]!)) start -= 1
  // A slash, a quote or an equals sign parts it from a path or a parameter; a leading dot is punctuation.
  for (let cut = start; cut < at; cut += 1) {
    if (PARTING.includes(text[cut]!) || (text[cut] === '.' && cut === start)) start = cut + 1
  }
  const inUrl = USER.test(text.slice(Math.max(0, start - 80), start))
  return inUrl || text[at - 1] === '.' ? at : start
}

export const email: Detector = {
  kind: 'email',
  find(text, spans) {
    for (let at = text.indexOf('@'); at >= 0; at = text.indexOf('@', at + 1)) {
      DOMAIN.lastIndex = at + 1
      const domain = DOMAIN.exec(text)?.[0]
      if (domain === undefined || FILES.test(domain)) continue
      const to = at + 1 + domain.length
      const after = text.charCodeAt(to)
      // The word goes on, or it is what scp and git name a host by.
      if (
        isWord(after) ||
        text[to] === '@' ||
        (text[to] === ':' && /[\w~/]/.test(text[to + 1] ?? ''))
      )
        continue
      const from = localStart(text, at)
      if (from < at) spans.push({ from, to, kind: 'email' })
    }
  },
}
