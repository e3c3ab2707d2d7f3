// Holds templates and what fills them: a links file read, and a template's slots replaced by the entities of a link.

import { isObject, parseJson, type Json, type JsonLimits } from '../../std/json.ts'

/** What fills one template once. */
export interface TemplateLink {
  /** The id of the policy that comes of it, unique in the set. */
  readonly id: string
  /** `@id` of the template. */
  readonly template: string
  /** Entities as Cedar text, by slot. */
  readonly values: ReadonlyMap<string, string>
}

/** Links, or why the text has none. */
export type ReadLinks =
  | { readonly ok: true; readonly links: readonly TemplateLink[] }
  | { readonly ok: false; readonly message: string }

/** The end of the name of a file that holds links. */
export const LINKS_SUFFIX = '.links.json'

const LIMITS: JsonLimits = { bytes: 8_388_608, depth: 4, values: 1_000_000, keys: 'exact' }
const SLOTS = ['?principal', '?resource']

/** `Type::"id"` and nothing besides: it is put into policy text as it stands. */
const ENTITY =
  /^[A-Za-z_][A-Za-z_0-9]*(?:::[A-Za-z_][A-Za-z_0-9]*)*::"(?:[^"\\\p{Cc}]|\\[^\p{Cc}])*"$/u

/** Cedar's tokens, as far as finding slots takes: none stands inside a string or a comment. */
const TOKEN = /\/\/[^\n\r]*|"(?:[^"\\]|\\[^])*"|\?[A-Za-z_][A-Za-z_0-9]*|[^]/gy

function link(json: Json): TemplateLink | string {
  if (!isObject(json)) return 'a link is an object with `id`, `template` and `values`'
  const { id, template, values, ...rest } = json
  const [more] = Object.keys(rest)
  if (more !== undefined) return `a link has no \`${more.slice(0, 64)}\``
  if (typeof id !== 'string' || typeof template !== 'string' || !isObject(values)) {
    return 'a link has an `id`, a `template` and `values`'
  }
  const filled = new Map<string, string>()
  for (const [slot, entity] of Object.entries(values)) {
    if (!SLOTS.includes(slot)) return 'a template has the slots `?principal` and `?resource`'
    if (typeof entity !== 'string' || !ENTITY.test(entity)) {
      return `what fills \`${slot}\` is an entity as policies name it: \`Agent::"name"\``
    }
    filled.set(slot, entity)
  }
  return { id, template, values: filled }
}

/**
 * Reads a links file: `[{"id": "…", "template": "…", "values": {"?principal": "Agent::\"x\""}}]`. Never throws for what it says.
 */
export function readLinks(text: string): ReadLinks {
  let json: Json
  try {
    json = parseJson(new TextEncoder().encode(text), LIMITS)
  } catch (error) {
    return { ok: false, message: error instanceof Error ? error.message : 'not JSON' }
  }
  if (!Array.isArray(json)) return { ok: false, message: 'a links file holds a list of links' }
  const links: TemplateLink[] = []
  for (const [at, entry] of json.entries()) {
    const read = link(entry)
    if (typeof read === 'string') return { ok: false, message: `link ${at + 1}: ${read}` }
    links.push(read)
  }
  return { ok: true, links }
}

/** The policy that a template is when it is filled; a string in `wrong` says why it is none. */
export function filled(
  template: string,
  { values }: Pick<TemplateLink, 'values'>,
): { readonly text: string } | { readonly wrong: string } {
  const used = new Set<string>()
  let empty: string | undefined
  const text = template.replace(TOKEN, (token) => {
    if (!token.startsWith('?')) return token
    const entity = values.get(token)
    if (entity === undefined) empty ??= token
    used.add(token)
    return entity ?? token
  })
  if (empty !== undefined) return { wrong: `nothing fills \`${empty}\`` }
  const unused = [...values.keys()].find((slot) => !used.has(slot))
  return unused === undefined ? { text } : { wrong: `the template has no \`${unused}\`` }
}
