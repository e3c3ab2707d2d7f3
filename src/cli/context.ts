// Holds what every command is given: the surroundings, the settings of this run, a screen, and the control API.

import { resolve } from 'node:path'
import { defaultHome } from '../server/home.ts'
import type { Control } from './control/control.ts'
import type { Shell } from './shell.ts'
import type { Asking } from './terminal/ask.ts'
import { Screen, type Format } from './terminal/screen.ts'

/** The global options of one run, as commander reads them. */
export interface GlobalOptions {
  readonly output: Format
  readonly home?: string
  /** False with `--no-input`. */
  readonly input: boolean
  readonly yes?: boolean
}

/** What a command works with. Ask it while the command runs: options are read by then. */
export class Context {
  readonly shell: Shell
  readonly #options: () => GlobalOptions

  constructor(shell: Shell, options: () => GlobalOptions) {
    this.shell = shell
    this.#options = options
  }

  /** The folder of the home: `--home`, else `$BAILIWICK_HOME`, else `~/.bailiwick`. */
  get home(): string {
    const { home } = this.#options()
    return home === undefined ? defaultHome(this.shell.env) : resolve(this.shell.cwd, home)
  }

  get asking(): Asking {
    const { yes, input, output } = this.#options()
    // Whoever wants JSON is a program: what it would be asked about is not shown, so it is not asked.
    return { yes: yes === true, noInput: !input || output === 'json' }
  }

  get screen(): Screen {
    return new Screen(this.shell, this.#options().output)
  }

  /** The control API with this home's operator credential. Loaded when first asked for: `version` needs none of it. */
  async control(): Promise<Control> {
    const { readOperator } = await import('./control/operator.ts')
    const { Control } = await import('./control/control.ts')
    return new Control(readOperator(this.home), this.shell)
  }
}
