// Holds what people say of actions on the command line: effects, data labels, measures and triggers, by options or by a file.

import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { z } from 'zod'
import { LabelSystem } from '../../wire/api/system.ts'
import { DocumentFault } from '../apply/faults.ts'
import { readYaml } from '../apply/yaml.ts'
import { fault } from '../faults.ts'

/** Options of the verbs that take them. */
export interface SaidOptions {
  readonly effects?: readonly string[]
  readonly label?: readonly string[]
  readonly measure?: readonly string[]
  readonly trigger?: readonly string[]
  readonly facts?: string
}

/** What is said, by action. */
export type Said = Record<string, LabelSystem['facts'][string]>

const FactsFile = z.strictObject({ actions: LabelSystem.shape.facts })

/** Words of the options. */
export const SAID_OPTIONS = [
  [
    '--label <action=labels>',
    'data labels of what an action returns, for example read_file=pii,secret; may be repeated',
  ],
  [
    '--measure <action.money=pointer>',
    'which argument is money (an integer in its minor unit) or names recipients: refund.money=/amount_cents, send.recipients=/to; may be repeated',
  ],
  [
    '--trigger <action=actions>',
    'what an action sets off, for example update=billing/run; may be repeated',
  ],
  [
    '--facts <file>',
    'all of that in YAML: `actions:` with `effects`, `labels`, `measures` and `triggers` by action',
  ],
] as const

function words(list: string): string[] {
  return list.split(',').filter((word) => word !== '')
}

function entryOf(entry: string, option: string): readonly [action: string, list: string[]] {
  const at = entry.indexOf('=')
  if (at <= 0) throw fault('cli.usage', `${option} takes ACTION=WORD,WORD`)
  return [entry.slice(0, at), words(entry.slice(at + 1))]
}

function fromFile(cwd: string, file: string): Said {
  let text: string
  try {
    text = readFileSync(resolve(cwd, file), 'utf8')
  } catch (cause) {
    throw fault('cli.file', `${file} cannot be read`, cause)
  }
  const [document, more] = readYaml({ file, text })
  if (document === undefined) throw fault('cli.file', `${file} is empty`)
  if (more !== undefined) throw new DocumentFault([more.trouble([], 'one document is enough')])
  const read = FactsFile.safeParse(document.tree)
  if (read.success) return { ...read.data.actions }
  throw new DocumentFault(
    read.error.issues.map(({ path, message }) => document.trouble(path, message.toLowerCase())),
  )
}

/** What options and file say together; an option stands over the file. Throws `cli.usage`, `cli.file` or `apply.document`. */
export function saidOf(cwd: string, options: SaidOptions): Said {
  const said: Said = options.facts === undefined ? {} : fromFile(cwd, options.facts)
  const add = (action: string, more: Said[string]): void => {
    said[action] = { ...said[action], ...more }
  }
  for (const entry of options.label ?? []) {
    const [action, labels] = entryOf(entry, '--label')
    add(action, { labels })
  }
  for (const entry of options.trigger ?? []) {
    const [action, triggers] = entryOf(entry, '--trigger')
    add(action, { triggers })
  }
  for (const entry of options.measure ?? []) {
    const [, action, kind, pointers] = /^(.+?)\.(money|recipients)=(.*)$/s.exec(entry) ?? []
    if (action === undefined || pointers === undefined) {
      throw fault(
        'cli.usage',
        '--measure takes ACTION.money=/pointer or ACTION.recipients=/pointer',
      )
    }
    const before = said[action]?.measures ?? {}
    const measures =
      kind === 'money' ? { ...before, money: pointers } : { ...before, recipients: words(pointers) }
    add(action, { measures })
  }
  return said
}
