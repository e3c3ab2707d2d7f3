// Holds the check for shadowing: a system whose texts are about the tools of other systems, or about all tools there are.

import { excerptAt } from './visible.ts'
import type { Look, Place, Sign } from './sign.ts'

/** Speaks of tools that are not its own, whatever they are called. */
const ALL_TOOLS =
  /\b(?:instead of|rather than|in place of|before|after|prior to|when(?:ever)?)\b[^.\n]{0,40}\b(?:any|every|all|each)\b(?: of the)?(?: other)? (?:tools?|functions?|servers?)\b/i
/** What makes a mention of another tool more than a mention. */
const ABOUT =
  /\b(?:instead|rather than|in place of|before|after|prior to|when(?:ever)?|replaces?|overrides?|supersedes?|deprecated|do not use|don't use|never use|always|must|prefer(?:red)?|behaviou?r)\b/i
/** Characters around a name that are read with it. */
const NEAR = 160
/** A single common word is no mention of a tool: it has to be written as one. */
const PLAIN_WORD = /^[a-z]+$/i
const TOKEN = /[A-Za-z0-9_.-]{4,128}/g

/** Where a text mentions one of these names. */
function mention(
  text: string,
  names: ReadonlySet<string>,
): { readonly at: number; readonly name: string } | undefined {
  for (const { 0: token, index: at } of text.matchAll(TOKEN)) {
    const name = names.has(token) ? token : token.replace(/[.-]+$/, '')
    if (!names.has(name)) continue
    const before = text[at - 1] ?? ''
    const after = text.slice(at + name.length, at + name.length + 6)
    const quoted = /[`'"]/.test(before) && /^[`'"]/.test(after)
    if (!PLAIN_WORD.test(name) || quoted || /^(?:\(| tool\b)/.test(after)) return { at, name }
  }
  return undefined
}

/** Names of others that its own texts have no business with. */
function foreignNames({ system, others }: Look): Set<string> {
  const own = new Set(system.actions.map(({ name }) => name))
  const out = new Set<string>()
  for (const other of others) {
    for (const { name } of other.actions) {
      if (!name.includes('/') && !own.has(name) && name.length >= 4) out.add(name)
    }
  }
  return out
}

/** Of a schema only what is prose; words of its own are everywhere. */
function isProse({ place, kind }: Place): boolean {
  if (kind === 'name') return false
  return (
    !place.includes(' schema /') || /\/(?:description|title|default|examples?|const)\b/.test(place)
  )
}

/** Points out texts that refer to what other systems do. */
export function* shadowing(look: Look): Generator<Sign> {
  const names = foreignNames(look)
  for (const one of look.places) {
    if (!isProse(one)) continue
    const sign = about(one, names)
    if (sign !== undefined) yield sign
  }
}

function about({ place, text }: Place, names: ReadonlySet<string>): Sign | undefined {
  const all = ALL_TOOLS.exec(text)
  if (all !== null) {
    const message = 'speaks of all tools, and not of its own'
    return { code: 'shadowing', place, message, excerpt: excerptAt(text, all.index, all[0].length) }
  }
  const found = mention(text, names)
  if (found === undefined) return undefined
  const { at, name } = found
  const near = text.slice(Math.max(0, at - NEAR), at + name.length + NEAR)
  if (!ABOUT.test(near)) return undefined
  const message = 'says how a tool of another system is to be used'
  return { code: 'shadowing', place, message, excerpt: excerptAt(text, at, name.length) }
}
