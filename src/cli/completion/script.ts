// Holds the completion scripts: which words may come next, as three shells want to hear it.

/** Shells that are known. */
export const SHELLS = ['bash', 'zsh', 'fish'] as const

/** A command, its options and its verbs. */
export interface CommandTree {
  readonly name: string
  readonly summary: string
  readonly options: readonly string[]
  readonly commands: readonly CommandTree[]
}

/** Every place of the tree: the words before, and the words that may follow. */
function places(program: CommandTree): { readonly path: string; readonly words: string[] }[] {
  const walk = (command: CommandTree, path: readonly string[]): ReturnType<typeof places> => [
    {
      path: path.join(' '),
      words: [...command.commands.map(({ name }) => name), ...command.options, ...program.options],
    },
    ...command.commands.flatMap((sub) => walk(sub, [...path, sub.name])),
  ]
  return walk(program, []).map(({ path, words }) => ({ path, words: [...new Set(words)] }))
}

/** The words so far that are commands, in each shell's own loop; options and their values are passed over. */
function bash(program: CommandTree): string {
  const cases = places(program).map(
    ({ path, words }) => `    '${path}') words='${words.join(' ')}' ;;`,
  )
  const paths = places(program).map(({ path }) => path)
  return `# bash completion of bailiwick; use it with: source <(bailiwick completion bash)
_bailiwick() {
  local path='' word words='' known=' ${paths.map((path) => `${path},`).join(' ')}'
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    [[ $word == -- ]] && return
    [[ "$known" == *" \${path:+$path }$word,"* ]] && path="\${path:+$path }$word"
  done
  case $path in
${cases.join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _bailiwick bailiwick
`
}

function zsh(program: CommandTree): string {
  return `#compdef bailiwick
# zsh completion of bailiwick; use it with: source <(bailiwick completion zsh)
autoload -U +X bashcompinit && bashcompinit
${bash(program)}`
}

function quoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
}

function fish(program: CommandTree): string {
  const lines = ['# fish completion of bailiwick; use it with: bailiwick completion fish | source']
  const say = (condition: string, command: CommandTree): void => {
    const about = quoted(command.summary)
    lines.push(`complete -c bailiwick -f -n ${quoted(condition)} -a ${command.name} -d ${about}`)
  }
  const flag = (condition: string, option: string): void => {
    const kind = option.startsWith('--') ? `-l ${option.slice(2)}` : `-s ${option.slice(1)}`
    lines.push(`complete -c bailiwick -n ${quoted(condition)} ${kind}`)
  }
  for (const option of program.options) flag('true', option)
  for (const noun of program.commands) {
    const under = `__fish_seen_subcommand_from ${noun.name}`
    say('__fish_use_subcommand', noun)
    for (const option of noun.options) flag(under, option)
    const verbs = noun.commands.map(({ name }) => name).join(' ')
    for (const verb of noun.commands) {
      say(`${under}; and not __fish_seen_subcommand_from ${verbs}`, verb)
      const there = `${under}; and __fish_seen_subcommand_from ${verb.name}`
      for (const option of verb.options) flag(there, option)
    }
  }
  return `${lines.join('\n')}\n`
}

/** The script for a shell. */
export function completionScript(shell: (typeof SHELLS)[number], program: CommandTree): string {
  return { bash, zsh, fish }[shell](program)
}
