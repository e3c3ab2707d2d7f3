// Holds what a program that speaks for a system is started with: its whole path, and the values of the variables that it needs.

import { accessSync, constants, readFileSync, statSync } from 'node:fs'
import { delimiter, join, resolve } from 'node:path'
import type { Context } from '../context.ts'
import { fault } from '../faults.ts'
import { askSecret, canAsk } from '../terminal/ask.ts'

function executable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return statSync(path).isFile()
  } catch {
    // Not there, or not for us: the search goes on.
    return false
  }
}

/** The whole path of a program as this shell would find it: the server's own PATH may well be another. */
export function findProgram(
  command: string,
  cwd: string,
  env: Readonly<Record<string, string | undefined>>,
): string {
  const folders = command.includes('/') ? [cwd] : (env['PATH'] ?? '').split(delimiter)
  for (const folder of folders) {
    const path = command.includes('/') ? resolve(folder, command) : join(folder, command)
    if (folder !== '' && executable(path)) return path
  }
  throw fault('cli.command_not_found', `\`${command.slice(0, 256)}\` is no program that can be run`)
}

/** `NAME=VALUE` lines; `#` starts a comment line, a pair of quotes around a value is taken off. Never quotes a value. */
export function parseEnvFile(text: string, file: string): Record<string, string> {
  const out: Record<string, string> = {}
  for (const [at, line] of text.split(/\r?\n/).entries()) {
    if (/^\s*(#|$)/.test(line)) continue
    const match = /^\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)=(.*)$/.exec(line)
    if (match === null) throw fault('cli.file', `line ${at + 1} of ${file} is not NAME=VALUE`)
    const value = match[2]!.trim()
    out[match[1]!] = /^(["']).*\1$/s.test(value) && value.length > 1 ? value.slice(1, -1) : value
  }
  return out
}

/** Values of the variables that were named, from the file, from here, or asked for. */
export async function secretsOf(
  context: Context,
  options: { readonly env?: readonly string[]; readonly envFile?: string },
): Promise<Record<string, string>> {
  const { shell, asking } = context
  const out: Record<string, string> = {}
  if (options.envFile !== undefined) {
    let text: string
    try {
      text = readFileSync(resolve(shell.cwd, options.envFile), 'utf8')
    } catch (cause) {
      throw fault('cli.file', `${options.envFile} cannot be read`, cause)
    }
    Object.assign(out, parseEnvFile(text, options.envFile))
  }
  for (const name of options.env ?? []) {
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) {
      // Whoever wrote NAME=VALUE has just shown the value to every process of this machine; it is not repeated here.
      const what = name.includes('=') ? 'a value never belongs on a command line' : 'not a name'
      throw fault('cli.usage', `--env takes the name of a variable: ${what}`)
    }
    const here = shell.env[name] ?? out[name]
    if (here !== undefined) out[name] = here
    else if (canAsk(shell, asking)) out[name] = await askSecret(shell, `Value of ${name}`)
    else throw fault('cli.usage', `the variable ${name} is not set here`)
  }
  return out
}
