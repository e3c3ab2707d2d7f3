// Holds the page of the command line: the help of every command, from the program itself.

import { PassThrough } from 'node:stream'
import type { Command } from 'commander'
import { buildProgram } from '../../src/cli/program.ts'
import type { Shell } from '../../src/cli/shell.ts'
import { systemClock } from '../../src/std/clock.ts'
import { systemEntropy } from '../../src/std/entropy.ts'
import { systemTimer } from '../../src/std/timer.ts'
import { pageHead } from './markdown.ts'

/** Characters in a line of help. */
const WIDTH = 100

const ABOUT = `\`bailiwick <noun> <verb>\`. Answers go to standard output as tables, or with \`-o json\` as JSON; everything else goes to
standard error. The options of the first section may stand with every command. Exit codes: 0 done, 1 error, 2 usage, 3 denied by policy, 4 authentication needed, 5 approval pending or timed
out, 130 interrupted.
`

/** The page. */
export async function cliPage(): Promise<string> {
  const program = await buildProgram(quietShell(), [], true)
  return pageHead('The command line', ABOUT) + sections(program, []).join('')
}

function sections(command: Command, above: readonly string[]): string[] {
  const path = [...above, command.name()]
  command.configureHelp({ helpWidth: WIDTH, showGlobalOptions: false })
  const title = `\n## ${path.join(' ')}\n`
  const text = command.helpInformation().trimEnd()
  const inner = command.commands.filter((each) => each.name() !== 'help')
  return [
    `${title}\n\`\`\`text\n${text}\n\`\`\`\n`,
    ...inner.flatMap((each) => sections(each, path)),
  ]
}

/** A shell that nobody sees: the help is made, and no command is run. */
function quietShell(): Shell {
  return {
    stdin: new PassThrough(),
    stdout: Object.assign(new PassThrough(), { columns: WIDTH }),
    stderr: new PassThrough(),
    env: {},
    cwd: '/',
    clock: systemClock,
    timer: systemTimer,
    entropy: systemEntropy,
    interrupted: new AbortController().signal,
  }
}
