// Holds what differs between a system as it is pinned and as it shows itself: member by member, for people to read and for calls to stop at.

import { canonicalJson, isObject, type Json, type JsonObject } from '../../std/json.ts'
import type {
  ActionDefinition,
  PromptDefinition,
  ServerIdentity,
  SystemDefinition,
  TemplateDefinition,
} from '../../wire/system.ts'
import { isMethod } from './methods.ts'

/** What of a system differs. */
export type DifferingPart =
  | 'server'
  | 'identity'
  | 'instructions'
  | 'capabilities'
  | 'tool'
  | 'method'
  | 'prompt'
  | 'template'

/** One thing that differs. */
export interface Difference {
  readonly part: DifferingPart
  /** Of a tool, a method, a prompt or a template. */
  readonly name?: string
  readonly change: 'added' | 'removed' | 'changed'
  /** What was and what is, as texts: JSON in lines where it is no text. Absent: not there. */
  readonly fields: readonly {
    readonly field: string
    readonly before?: string
    readonly now?: string
  }[]
}

/** A system as far as it shows itself, or as it was pinned. */
export type Shown = Pick<
  SystemDefinition,
  'server' | 'instructions' | 'actions' | 'capabilities' | 'prompts' | 'templates' | 'identity'
>

type Fields = Readonly<Record<string, Json | undefined>>

function shownField(value: Json | undefined): string | undefined {
  if (value === undefined || typeof value === 'string') return value
  return JSON.stringify(sorted(value), undefined, 2)
}

/** With the members of objects in order: what means the same looks the same. */
function sorted(value: Json): Json {
  if (Array.isArray(value)) return value.map(sorted)
  if (!isObject(value)) return value
  const members = Object.entries(value).filter(([, member]) => member !== undefined)
  return Object.fromEntries(
    members.sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, member]) => [name, sorted(member)]),
  )
}

function differing(before: Fields, now: Fields): Difference['fields'] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(now)])]
  return names.flatMap((field) => {
    const [was, is] = [shownField(before[field]), shownField(now[field])]
    if (was === is) return []
    return [
      { field, ...(was !== undefined && { before: was }), ...(is !== undefined && { now: is }) },
    ]
  })
}

function actionFields(of: ActionDefinition): Fields {
  const { title, description, inputSchema, outputSchema, annotations, taskSupport, http } = of
  return {
    title,
    description,
    'input schema': inputSchema,
    'output schema': outputSchema,
    annotations,
    'runs as a task': taskSupport,
    // A binding holds texts, lists and objects alone.
    request: http as unknown as JsonObject | undefined,
  }
}

function promptFields({ title, description, arguments: given }: PromptDefinition): Fields {
  return { title, description, arguments: given.map((argument): JsonObject => ({ ...argument })) }
}

function templateFields({ uriTemplate, title, description, mimeType }: TemplateDefinition): Fields {
  return { template: uriTemplate, title, description, 'media type': mimeType }
}

function listed<T extends { readonly name: string; readonly digest: string }>(
  before: readonly T[],
  now: readonly T[],
  partOf: (one: T) => DifferingPart,
  fieldsOf: (one: T) => Fields,
): Difference[] {
  const old = new Map(before.map((one) => [one.name, one]))
  const names = new Set(now.map(({ name }) => name))
  const here = now.flatMap((one): Difference[] => {
    const was = old.get(one.name)
    if (was?.digest === one.digest) return []
    const fields = differing(was === undefined ? {} : fieldsOf(was), fieldsOf(one))
    return [
      {
        part: partOf(one),
        name: one.name,
        change: was === undefined ? 'added' : 'changed',
        fields,
      },
    ]
  })
  const gone = before
    .filter(({ name }) => !names.has(name))
    .map((one): Difference => ({
      part: partOf(one),
      name: one.name,
      change: 'removed',
      fields: [],
    }))
  return [...here, ...gone]
}

/** The authority that vouches for a certificate: its key ends the chain. */
function vouching(identity: ServerIdentity): string {
  return identity.kind === 'certificate' ? (identity.chain.at(-1) ?? '') : ''
}

/**
 * True where a server is the one that was pinned: the same files, or the same host with a certificate under the same authority. A new
 * key under it is a renewal, which happens every few weeks and which the authority has checked.
 */
export function sameServer(pinned: ServerIdentity, now: ServerIdentity): boolean {
  if (pinned.kind === 'certificate' && now.kind === 'certificate') {
    return pinned.host === now.host && vouching(pinned) === vouching(now)
  }
  return shownField(identityFields(pinned)) === shownField(identityFields(now))
}

function identityFields(identity: ServerIdentity): JsonObject {
  if (identity.kind === 'certificate') return { host: identity.host, keys: [...identity.chain] }
  return Object.fromEntries(identity.files.map(({ path, digest }) => [path, digest]))
}

function identityDifference(pinned: Shown, now: Shown): Difference[] {
  const { identity: before } = pinned
  const { identity: is } = now
  if (before === undefined || is === undefined || sameServer(before, is)) return []
  return [
    {
      part: 'identity',
      change: 'changed',
      fields: differing(identityFields(before), identityFields(is)),
    },
  ]
}

function single(part: DifferingPart, before: Fields, now: Fields): Difference[] {
  const fields = differing(before, now)
  return fields.length === 0 ? [] : [{ part, change: 'changed', fields }]
}

/**
 * Everything that differs, the server first. What one of them does not tell is not compared: an identity where nobody looked at it, and
 * capabilities, prompts and templates of a system that was pinned when they were no part of a pin.
 */
export function differences(pinned: Shown, now: Shown): Difference[] {
  const whole = pinned.capabilities !== undefined && now.capabilities !== undefined
  const actions = (of: Shown) => (whole ? of.actions : of.actions.filter((a) => !isMethod(a.name)))
  return [
    ...single('server', { ...pinned.server }, { ...now.server }),
    ...identityDifference(pinned, now),
    ...single(
      'instructions',
      { instructions: pinned.instructions },
      { instructions: now.instructions },
    ),
    ...(whole && canonicalJson(pinned.capabilities) !== canonicalJson(now.capabilities)
      ? single('capabilities', pinned.capabilities, now.capabilities)
      : []),
    ...listed(
      actions(pinned),
      actions(now),
      ({ name }) => (isMethod(name) ? 'method' : 'tool'),
      actionFields,
    ),
    ...(whole ? listed(pinned.prompts ?? [], now.prompts ?? [], () => 'prompt', promptFields) : []),
    ...(whole
      ? listed(pinned.templates ?? [], now.templates ?? [], () => 'template', templateFields)
      : []),
  ]
}
