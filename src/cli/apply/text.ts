// Holds writing documents as YAML that anybody's parser reads the same way, and that hides nothing on a screen.

import { visible } from '../terminal/visible.ts'
import type { Tree } from './yaml.ts'

/** What stands without quotes: plainly text, in every version of YAML. */
const PLAIN = /^[A-Za-z](?:[A-Za-z0-9 ._/-]*[A-Za-z0-9])?$/
/** What some version of YAML reads as something else. */
const RESERVED = /^(?:true|false|null|yes|no|on|off|y|n|inf|nan)$/i

function scalar(value: string | number | boolean | null): string {
  if (typeof value !== 'string') return String(value)
  if (PLAIN.test(value) && !RESERVED.test(value)) return value
  // JSON's quotes are YAML's; what a screen would not show becomes an escape that YAML has (YAML 1.2 §5.7).
  return visible(JSON.stringify(value)).replace(
    /\\u\{([0-9a-f]+)\}/g,
    (_, digits: string) => `\\U${digits.padStart(8, '0')}`,
  )
}

function isScalar(value: Tree): value is string | number | boolean | null {
  return typeof value !== 'object' || value === null
}

function lines(value: Tree, indent: string): string {
  if (isScalar(value)) return ` ${scalar(value)}\n`
  if (Array.isArray(value)) {
    const list = value as readonly Tree[]
    if (list.length === 0) return ' []\n'
    return `\n${list.map((one) => `${indent}-${item(one, indent)}`).join('')}`
  }
  const entries = Object.entries(value as Readonly<Record<string, Tree>>)
  return `\n${entries.map(([key, one]) => `${indent}${scalar(key)}:${lines(one, `${indent}  `)}`).join('')}`
}

/** An entry of a list: a map begins on the line of its dash. */
function item(value: Tree, indent: string): string {
  const text = lines(value, `${indent}  `)
  return text.startsWith('\n') ? ` ${text.slice(1 + indent.length + 2)}` : text
}

/** Documents one after the other, each a map. */
export function yamlText(documents: readonly Tree[]): string {
  return documents.map((document) => lines(document, '').slice(1)).join('---\n')
}
