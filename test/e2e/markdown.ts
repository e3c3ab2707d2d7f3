// Holds the reading of our own Markdown: blocks with the marks above them, links, headings, and command lines.

/** A fenced block. */
export interface Block {
  /** `cedar`, `json`, `sh`, … */
  readonly language: string
  readonly text: string
  /** Line of its fence, from 1. */
  readonly line: number
  /** Texts of the HTML comments directly above and below it: what the tests are told about it. */
  readonly marks: readonly string[]
}

const FENCE = /^( *)```(\S*)\s*$/
const MARK = /^<!-- (.*) -->$/

/** Fenced blocks in order. A mark is a comment of one line, next to the fence but for blank lines. */
export function blocksOf(markdown: string): Block[] {
  const lines = markdown.split('\n')
  const blocks: Block[] = []
  for (let at = 0; at < lines.length; at++) {
    const open = FENCE.exec(lines[at]!)
    if (open === null) continue
    const indent = open[1]!.length
    const end = lines.findIndex((line, i) => i > at && line.trim() === '```')
    if (end < 0) throw new Error(`the block of line ${at + 1} has no end`)
    blocks.push({
      language: open[2]!,
      text: lines
        .slice(at + 1, end)
        .map((line) => line.slice(indent))
        .join('\n'),
      line: at + 1,
      marks: [...marksFrom(lines, at - 1, -1).reverse(), ...marksFrom(lines, end + 1, 1)],
    })
    at = end
  }
  return blocks
}

function marksFrom(lines: readonly string[], from: number, step: 1 | -1): string[] {
  const marks: string[] = []
  for (let at = from; at >= 0 && at < lines.length; at += step) {
    const line = lines[at]!.trim()
    if (line === '') continue
    const mark = MARK.exec(line)?.[1]
    // A mark below a block belongs to it only if it says so: others stand above the next block.
    if (mark === undefined || mark.startsWith('expect ') !== (step === 1)) break
    marks.push(mark)
  }
  return marks
}

/** The text without its fenced blocks; the lines stay where they are. */
function proseOf(markdown: string): string {
  let fenced = false
  return markdown
    .split('\n')
    .map((line) => {
      if (FENCE.test(line)) {
        fenced = !fenced
        return ''
      }
      return fenced ? '' : line
    })
    .join('\n')
}

/** Texts between single backticks. */
export function codeOf(markdown: string): string[] {
  return [...proseOf(markdown).matchAll(/`([^`\n]+)`/g)].map((match) => match[1]!)
}

/** Targets of links that are no addresses: files and anchors. */
export function linksOf(markdown: string): string[] {
  return [...proseOf(markdown).matchAll(/\]\(([^()\s]+)\)/g)]
    .map((match) => match[1]!)
    .filter((target) => !/^[a-z]+:/.test(target))
}

/** Anchors of the headings, as GitHub makes them. */
export function anchorsOf(markdown: string): Set<string> {
  const headings = proseOf(markdown).matchAll(/^#{1,6} +(.+)$/gm)
  return new Set(
    [...headings].map((match) =>
      match[1]!
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
        .trim()
        .replaceAll(' ', '-'),
    ),
  )
}

/** Words of one shell line: quotes are taken off, `#` ends it, and `;`, `&`, `|` stand alone. */
function wordsOf(line: string): string[] {
  const found = line.matchAll(
    /#.*|[;&|]+|(?:'[^']*'|"(?:[^"\\]|\\.)*"|\\.|[^\s'"\\;&|#]|(?<=\S)#)+/g,
  )
  return [...found]
    .map((match) => match[0])
    .filter((word) => !word.startsWith('#'))
    .map((word) => word.replaceAll(/'([^']*)'|"([^"]*)"/g, '$1$2'))
}

/** What is given to `bailiwick` in a line, once for each time that it stands where a command stands. */
export function commandsOf(line: string): string[][] {
  const commands: string[][] = []
  let command: string[] = []
  const end = (): void => {
    const rest = behindPrefix(command)
    if (rest[0] === 'bailiwick' || rest[0]?.endsWith('/bailiwick') === true) {
      const redirected = rest.findIndex((word) => /^[0-9]?[<>]/.test(word))
      commands.push(rest.slice(1, redirected < 0 ? undefined : redirected))
    }
    command = []
  }
  for (const word of wordsOf(line)) {
    if (/^[;&|]+$/.test(word)) end()
    else command.push(word)
  }
  end()
  return commands
}

/** Without `$`, variables that are set, and the account that it is run as. */
function behindPrefix(words: readonly string[]): string[] {
  let at = words[0] === '$' ? 1 : 0
  for (;;) {
    if (words[at] === 'sudo' || words[at] === 'env' || words[at] === 'exec') at++
    else if (words[at] === '-u') at += 2
    else if (/^[A-Z_]+=/.test(words[at] ?? '')) at++
    else return words.slice(at)
  }
}

/** The lines of a block of shell, those that end in a backslash joined with the next. */
export function shellLines(text: string): string[] {
  return text.replaceAll(/\\\n\s*/g, '').split('\n')
}
