// Holds generated values of Cedar: as the library's JSON and as policy text, from one tree.

import type { CedarValueJson } from '@cedar-policy/cedar-wasm/nodejs'

/** The name of an extension type's constructor. */
export type ExtensionName = 'decimal' | 'ip' | 'datetime' | 'duration'

/** The name of an entity. */
export interface EntityName {
  readonly type: string
  readonly id: string
}

/** A value. */
export type Sample =
  | { readonly kind: 'bool'; readonly value: boolean }
  | { readonly kind: 'long'; readonly value: bigint }
  | { readonly kind: 'string'; readonly value: string }
  | { readonly kind: 'entity'; readonly value: EntityName }
  | { readonly kind: 'extension'; readonly fn: ExtensionName; readonly arg: string }
  | { readonly kind: 'set'; readonly elements: readonly Sample[] }
  | { readonly kind: 'record'; readonly attributes: ReadonlyMap<string, Sample> }

const { rawJSON } = JSON as unknown as { rawJSON: (this: void, text: string) => CedarValueJson }
const IDENTIFIER = /^(?!(?:true|false|if|then|else|in|is|like|has|__cedar)$)[A-Za-z_][A-Za-z_0-9]*$/

/** An object that has no prototype: `__proto__` is a key like any other. */
export function jsonObject<T>(entries: Iterable<readonly [string, T]>): Record<string, T> {
  const out = Object.create(null) as Record<string, T>
  for (const [key, value] of entries) out[key] = value
  return out
}

/** The library's JSON of a value; integers are raw JSON, so that none is rounded on its way. */
export function jsonOf(sample: Sample): CedarValueJson {
  switch (sample.kind) {
    case 'bool':
    case 'string':
      return sample.value
    case 'long':
      return rawJSON(String(sample.value))
    case 'entity':
      return { __entity: { ...sample.value } }
    case 'extension':
      return { __extn: { fn: sample.fn, arg: sample.arg } }
    case 'set':
      return sample.elements.map(jsonOf)
    case 'record':
      return jsonObject([...sample.attributes].map(([name, value]) => [name, jsonOf(value)]))
  }
}

/** A Cedar string literal. */
export function quoted(text: string): string {
  return `"${escaped(text)}"`
}

/** The inside of a Cedar string literal. */
export function escaped(text: string): string {
  return text.replace(/["\\\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (c) =>
    c === '"' || c === '\\' ? `\\${c}` : `\\u{${c.codePointAt(0)!.toString(16)}}`,
  )
}

/** True for a name that may stand after a dot. */
export function isIdentifier(name: string): boolean {
  return IDENTIFIER.test(name)
}

/** An entity as policy text names it. */
export function entityText({ type, id }: EntityName): string {
  return `${type}::${quoted(id)}`
}

/** A value as policy text, in brackets where it needs them. */
export function textOf(sample: Sample): string {
  switch (sample.kind) {
    case 'bool':
      return String(sample.value)
    case 'long':
      return sample.value < 0n ? `(${sample.value})` : String(sample.value)
    case 'string':
      return quoted(sample.value)
    case 'entity':
      return entityText(sample.value)
    case 'extension':
      return `${sample.fn}(${quoted(sample.arg)})`
    case 'set':
      return `[${sample.elements.map(textOf).join(', ')}]`
    case 'record':
      return recordText([...sample.attributes].map(([name, value]) => [name, textOf(value)]))
  }
}

/** A record of texts. */
export function recordText(attributes: readonly (readonly [string, string])[]): string {
  const inner = attributes.map(
    ([name, text]) => `${isIdentifier(name) ? name : quoted(name)}: ${text}`,
  )
  return `{${inner.join(', ')}}`
}
