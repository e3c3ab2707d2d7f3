// Holds the few questions: asked on a terminal only, on standard error, and answered No by default.

import { fault } from '../faults.ts'
import type { Shell } from '../shell.ts'
import { visible } from './visible.ts'

/** How this run may ask. */
export interface Asking {
  /** `--yes`: confirmations are given beforehand. */
  readonly yes: boolean
  /** `--no-input`: nothing is asked. */
  readonly noInput: boolean
}

/** True where a person can be asked. */
export function canAsk(shell: Shell, asking: Asking): boolean {
  return !asking.noInput && shell.stdin.isTTY === true && shell.stderr.isTTY === true
}

function streams(shell: Shell) {
  return { input: shell.stdin, output: shell.stderr, signal: shell.interrupted }
}

/** What was answered; control-C at a question interrupts the command. */
function answered<T extends string | boolean>(answer: T | symbol): T {
  if (typeof answer === 'symbol') throw fault('cli.interrupted', 'interrupted at a question')
  return answer
}

/** Resolves after a yes. Throws `cli.declined` after a no, `cli.confirmation` where nobody can be asked. */
export async function confirm(shell: Shell, asking: Asking, question: string): Promise<void> {
  if (asking.yes) return
  if (!canAsk(shell, asking)) {
    throw fault('cli.confirmation', 'this needs a yes, and there is no terminal to ask on')
  }
  const clack = await import('@clack/prompts')
  const yes = await clack.confirm({
    message: visible(question),
    initialValue: false,
    ...streams(shell),
  })
  if (!answered(yes)) throw fault('cli.declined', 'you said no')
}

/** Asks for one of a few; `first` is what stands there to begin with. Only where `canAsk`. */
export async function choose<V extends string>(
  shell: Shell,
  question: string,
  choices: readonly (readonly [value: V, label: string])[],
  first: V,
): Promise<V> {
  const clack = await import('@clack/prompts')
  const chosen = await clack.select<string>({
    message: visible(question),
    options: choices.map(([value, label]) => ({ value, label })),
    initialValue: first,
    ...streams(shell),
  })
  const value = answered(chosen)
  const choice = choices.find(([known]) => known === value)
  return choice === undefined ? first : choice[0]
}

/** Asks for one line that is not empty. Only where `canAsk`. */
export async function askLine(shell: Shell, question: string): Promise<string> {
  const clack = await import('@clack/prompts')
  const line: string | symbol = await clack.text({
    message: visible(question),
    validate: (text) => ((text ?? '').trim() === '' ? 'this may not be empty' : undefined),
    ...streams(shell),
  })
  return answered<string>(line).trim()
}

/** Asks for a secret, which is not shown. Only where `canAsk`. */
export async function askSecret(shell: Shell, question: string): Promise<string> {
  const clack = await import('@clack/prompts')
  const secret: string | symbol = await clack.password({
    message: visible(question),
    ...streams(shell),
  })
  return answered<string>(secret)
}
