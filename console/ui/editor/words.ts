// Holds what the editor offers to write next: names of the schema in force, of those who are registered, and the words of Cedar.

import type { Completion, CompletionContext, CompletionResult } from '@codemirror/autocomplete'

/** A type of Cedar's JSON schema, as far as it has names to offer. */
interface SchemaType {
  readonly type?: string
  readonly name?: string
  readonly required?: boolean
  readonly attributes?: Readonly<Record<string, SchemaType>>
}

/** Cedar's JSON schema of what is pinned, as the API answers it. */
export interface CedarSchema {
  readonly entityTypes: Readonly<Record<string, { readonly shape?: SchemaType }>>
  readonly actions: Readonly<
    Record<string, { readonly appliesTo?: { readonly context?: SchemaType } | null }>
  >
}

/** An id, and what it stands for where that does not show. */
export interface Named {
  readonly id: string
  readonly detail?: string
}

/** Where the names come from. */
export interface Vocabulary {
  readonly schema: CedarSchema
  /** By entity type: the ids that there are, as `Role`, `Agent`, `Person`, `System`. */
  readonly names: Readonly<Record<string, readonly Named[]>>
}

const ANNOTATIONS: readonly Completion[] = [
  ['id', 'its name in decisions and records'],
  ['reason', 'why, for whoever is denied'],
  ['advice', 'what to do instead'],
  ['gate', 'who has to agree: a role, a team, a check'],
  ['without', 'a party that it does without: task, user'],
  ['enforce', 'holds in observe mode too'],
  ['crosses', 'environments'],
].map(([name, detail]) => ({
  label: `@${name!}`,
  apply: name === 'enforce' ? '@enforce' : `@${name!}("`,
  detail: detail!,
  type: 'keyword',
}))

const WORDS: readonly Completion[] = [
  ...'permit forbid when unless in has like is if then else true false'.split(' '),
  ...'principal action resource context'.split(' '),
  ...'decimal ip datetime duration'.split(' ').map((name) => `${name}(`),
].map((label) => ({ label, type: 'keyword' }))

const METHODS: readonly Completion[] =
  'contains containsAll containsAny isEmpty isIpv4 isLoopback isInRange lessThan greaterThan toDate offset durationSince'
    .split(' ')
    .map((label) => ({ label, apply: `${label}(`, type: 'method', boost: -1 }))

/** The attributes of a type, and of what an entity of it has. */
function attributesOf(of: SchemaType, schema: CedarSchema): Readonly<Record<string, SchemaType>> {
  if (of.attributes !== undefined) return of.attributes
  const entity = of.name === undefined ? undefined : schema.entityTypes[of.name]
  return entity?.shape?.attributes ?? {}
}

/** Where the policy that is written at `at` begins: after the last semicolon outside of texts and comments. */
function beginning(text: string, at: number): number {
  let start = 0
  for (const { 0: token, index } of text.slice(0, at).matchAll(/"(?:[^"\\]|\\.)*"|\/\/[^\n]*|;/g)) {
    if (token === ';') start = index + 1
  }
  return start
}

/** The types that a variable may have in this policy: of the actions that it names, else of all. */
function typesOf(variable: string, policy: string, { schema }: Vocabulary): readonly SchemaType[] {
  if (variable !== 'context')
    return Object.values(schema.entityTypes).flatMap(({ shape }) => shape ?? [])
  const named = [...policy.matchAll(/Action::"([^"]*)"/g)].map(([, id]) => id!)
  const known = named.flatMap((id) => schema.actions[id]?.appliesTo?.context ?? [])
  if (known.length > 0) return known
  return Object.values(schema.actions).flatMap(({ appliesTo }) => appliesTo?.context ?? [])
}

function members(path: readonly string[], policy: string, of: Vocabulary): Completion[] {
  const [variable = '', ...steps] = path
  let types = typesOf(variable, policy, of)
  for (const step of steps)
    types = types.flatMap((type) => attributesOf(type, of.schema)[step] ?? [])
  const found = new Map<string, Completion>()
  for (const type of types) {
    for (const [label, inner] of Object.entries(attributesOf(type, of.schema))) {
      const detail = `${inner.name ?? inner.type ?? ''}${inner.required === false ? ', perhaps' : ''}`
      // What is no name stands in brackets in Cedar, and is left to whoever writes it.
      if (/^[A-Za-z_]\w*$/.test(label)) found.set(label, { label, detail, type: 'property' })
    }
  }
  return [...found.values()]
}

/** Writes an id up to its closing quote, which may stand there already. */
function closed(id: string): Exclude<Completion['apply'], undefined> {
  return (view, _completion, from, to) => {
    const there = view.state.sliceDoc(to, to + 1) === '"' ? 1 : 0
    const insert = `${id}"`
    view.dispatch({
      changes: { from, to: to + there, insert },
      selection: { anchor: from + insert.length },
      userEvent: 'input.complete',
    })
  }
}

/** What may come next at a place. Pure but for what CodeMirror says of the place. */
export function completions(of: Vocabulary): (at: CompletionContext) => CompletionResult | null {
  const types = Object.keys(of.schema.entityTypes).map((name) => ({
    label: `${name}::`,
    apply: `${name}::"`,
    type: 'type',
  }))
  return (at) => {
    const annotation = at.matchBefore(/@\w*/)
    if (annotation !== null) return { from: annotation.from, options: [...ANNOTATIONS] }
    const uid = at.matchBefore(/\b(\w+)::"[^"\n]*/)
    if (uid !== null) {
      const [, type = ''] = /^(\w+)/.exec(uid.text) ?? []
      const actions = Object.keys(of.schema.actions).map((id): Named => ({ id }))
      const named = type === 'Action' ? actions : (of.names[type] ?? [])
      const options = named.map(({ id, detail }) => ({
        label: id,
        apply: closed(id),
        type: 'constant',
        ...(detail !== undefined && { detail }),
      }))
      return { from: uid.from + type.length + 3, options, validFor: /^[^"\n]*$/ }
    }
    const path = at.matchBefore(/\b(?:context|principal|resource)(?:\.\w*)+/)
    if (path !== null) {
      const steps = path.text.split('.').slice(0, -1)
      const text = at.state.doc.toString()
      const options = members(steps, text.slice(beginning(text, at.pos)), of)
      const from = path.from + path.text.lastIndexOf('.') + 1
      return { from, options: [...options, ...METHODS], validFor: /^\w*$/ }
    }
    const word = at.matchBefore(/\w+/)
    if (word === null && !at.explicit) return null
    return { from: word?.from ?? at.pos, options: [...WORDS, ...types], validFor: /^\w*$/ }
  }
}
