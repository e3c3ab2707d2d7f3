// Holds what we ask a system to answer: of the media types of the operation those that the agent takes, in words of ours.

const MAX_RANGES = 32

/**
 * The Accept header that goes out. An agent chooses among what the operation says it answers, and says nothing else by it; where the
 * document says nothing, anything may come.
 */
export function acceptOf(said: string | undefined, answers: readonly string[]): string {
  if (answers.length === 0) return '*/*'
  const ranges = (said ?? '*/*')
    .split(',', MAX_RANGES)
    .map((range) => range.split(';', 1)[0]!.trim().toLowerCase())
  const wanted = answers.filter((type) => ranges.some((range) => covers(range, type)))
  // An answer of another type is better than none: the agent is told which it is.
  return (wanted.length === 0 ? answers : wanted).join(', ')
}

function covers(range: string, type: string): boolean {
  if (range === '*/*' || range === type) return true
  return range.endsWith('/*') && type.startsWith(range.slice(0, -1))
}
