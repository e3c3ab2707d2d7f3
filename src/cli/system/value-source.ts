// Holds where values of credentials come from: standard input, a variable or a file, and never the command line.

import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Context } from '../context.ts'
import { fault } from '../faults.ts'
import { askSecret, canAsk } from '../terminal/ask.ts'
import { wholeInput } from '../whole-input.ts'

/** Characters of one value. */
const MAX_VALUE = 65_536

/**
 * The value that `-` (standard input), `env:NAME`, a path or `ask` leads to. What was typed is never repeated: somebody may have given
 * the value itself. Throws `cli.usage` or `cli.file`.
 */
export async function valueFrom(context: Context, source: string, what: string): Promise<string> {
  const value = (await read(context, source, what)).replace(/\r?\n$/, '')
  if (value === '') throw fault('cli.usage', `${what} is empty`)
  if (value.length > MAX_VALUE) throw fault('cli.usage', `${what} is longer than 64 KiB`)
  return value
}

async function read(context: Context, source: string, what: string): Promise<string> {
  const { shell, asking } = context
  if (source === '-') {
    return new TextDecoder('utf-8', { fatal: true }).decode(await wholeInput(shell))
  }
  if (source === 'ask') {
    if (canAsk(shell, asking)) return askSecret(shell, `Value of ${what}`)
    throw fault('cli.usage', `${what} cannot be asked for here`)
  }
  const [, variable] = /^env:([A-Za-z_][A-Za-z0-9_]*)$/.exec(source) ?? []
  if (variable !== undefined) {
    const value = shell.env[variable]
    if (value !== undefined) return value
    throw fault('cli.usage', `the variable ${variable} is not set here`)
  }
  try {
    return readFileSync(resolve(shell.cwd, source), 'utf8')
  } catch (cause) {
    throw fault(
      'cli.file',
      `${what} is given by -, env:NAME, ask or a file, and there is no such file`,
      cause,
    )
  }
}
