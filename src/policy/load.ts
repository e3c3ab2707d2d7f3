// Holds the loading of a policy set: read, checked, validated against the pinned actions, or refused with every problem.

import { digest, utf8 } from '../std/bytes.ts'
import { Fault } from '../std/fault.ts'
import { canonicalJson, type Json } from '../std/json.ts'
import type { SystemDefinition } from '../wire/system.ts'
import { readAnnotations } from './annotation.ts'
import { LINKS_SUFFIX } from './cedar/links.ts'
import { MAX_DEPTH } from './depth.ts'
import { compiledEngine, compiledPolicy, type Engine } from './engine.ts'
import { withCedar } from './library.ts'
import { gathered, spelled } from './life/spelling.ts'
import { parsedPolicy, validUnder } from './parsed.ts'
import type { Policy } from './policy.ts'
import { byText, inOrder, libraryProblem, problemAt, type Problem, type Span } from './problem.ts'
import { policySchema, SYSTEM_NAME, type PolicySchema } from './schema.ts'
import { policySet, type PolicySet } from './set.ts'
import { pieces, placeAt, type Piece } from './source.ts'
import { Templates } from './template.ts'

/** A Cedar file, or a file of links that fill templates (`.links.json`): its path as people know it, and its text. */
export interface PolicySource {
  readonly file: string
  readonly text: string
}

/** A set that decides, or everything that keeps it from deciding (at most 100 problems). */
export type Compiled =
  | { readonly ok: true; readonly set: PolicySet; readonly warnings: readonly Problem[] }
  | { readonly ok: false; readonly problems: readonly Problem[] }

/** All files of a set together, in bytes of UTF-8. */
export const MAX_SET_BYTES = 8 * 1024 * 1024
const MAX_PROBLEMS = 100

/** What the library says is looked at up to here: it says the same once for every action. */
const MAX_TOLD = 5_000

class Loader {
  readonly problems: Problem[] = []
  readonly warnings: Problem[] = []
  readonly policies = new Map<string, Policy>()
  readonly spans = new Map<string, Span>()
  readonly #schema: PolicySchema
  readonly #templates = new Templates()

  constructor(schema: PolicySchema) {
    this.#schema = schema
  }

  file(source: PolicySource): void {
    for (const piece of pieces(source.text)) {
      if (this.problems.length >= MAX_PROBLEMS) return
      this.piece(source, piece)
    }
  }

  piece({ file, text: source }: PolicySource, { text, start, line, depth, slot }: Piece): void {
    const span: Span = { file, source, text, start }
    const refuse = (...rest: [number, Problem['code'], string, string?]) =>
      this.problems.push(problemAt(span, ...rest))
    if (depth > MAX_DEPTH) {
      refuse(0, 'policy.too_deep', `the policy nests or chains more than ${MAX_DEPTH} expressions`)
      return
    }
    if (slot !== undefined) {
      this.problems.push(...this.#templates.take(span, line, slot))
      return
    }
    const answer = parsedPolicy(text)
    if (answer.type === 'failure') {
      for (const error of answer.errors) {
        this.problems.push(spelled(libraryProblem(span, 'policy.syntax', error), this.#schema))
      }
      return
    }
    const { json } = answer
    const { annotations, problems } = readAnnotations(json)
    for (const { name, code, message, help } of problems) {
      const at = name === undefined ? 0 : Math.max(0, text.search(new RegExp(`@\\s*${name}\\b`)))
      refuse(at, code, message, help)
    }
    const { id } = annotations
    if (problems.length > 0 || id === undefined) return
    const { column } = placeAt(source, start)
    this.add({ ...annotations, id, effect: json.effect, file, line, column, text, json }, span)
  }

  add(policy: Policy, span: Span): void {
    const { id } = policy
    const twin = this.policies.get(id)
    if (twin !== undefined) {
      const message = `the \`@id\` \`${id}\` is already used in ${twin.file}, line ${twin.line}`
      this.problems.push(problemAt(span, 0, 'policy.duplicate_id', message))
      return
    }
    this.policies.set(id, policy)
    this.spans.set(id, span)
  }

  /** Fills the templates of every file that was read. */
  link(files: readonly PolicySource[]): void {
    for (const { file, text } of files) {
      const { linked, problems } = this.#templates.fill(file, text)
      this.problems.push(...problems)
      for (const { policy, span } of linked) this.add(policy, span)
    }
    this.problems.push(...this.#templates.unfilled())
  }

  /** The engine; undefined where a policy is parsed and is no Cedar all the same: `unknown("x")` of the library's own. */
  engine(): Engine | undefined {
    const policies = [...this.policies.values()]
    try {
      return compiledEngine(policies)
    } catch {
      for (const policy of policies) {
        try {
          compiledPolicy(policy)
        } catch (error) {
          if (error instanceof Fault) throw error
          const message = 'the policy holds an expression that is no Cedar'
          this.problems.push(problemAt(this.spans.get(policy.id)!, 0, 'policy.invalid', message))
        }
      }
      return undefined
    }
  }

  validate(): void {
    const schema = this.#schema
    const known = validUnder(schema)
    const unknown = [...this.policies].filter(([, { text }]) => !known.has(text))
    // With no policies at all it is the schema that is looked at.
    if (unknown.length === 0 && this.policies.size > 0) return
    const staticPolicies = Object.fromEntries(unknown.map(([id, { text }]) => [id, text]))
    const answer = validated(schema, staticPolicies)
    if (answer.type === 'failure') {
      for (const { message } of answer.errors) {
        this.problems.push({ file: '', line: 1, column: 1, code: 'policy.invalid', message })
      }
      return
    }
    const told = [...answer.validationErrors]
      .sort(byPlace)
      .slice(0, MAX_TOLD)
      .map(({ policyId, error }) =>
        libraryProblem(this.spans.get(policyId)!, 'policy.invalid', error),
      )
    const all = gathered(told).slice(0, MAX_PROBLEMS)
    this.problems.push(...all.map((problem) => spelled(problem, schema)))
    for (const { policyId, error } of answer.validationWarnings.slice(0, MAX_PROBLEMS)) {
      this.warnings.push(libraryProblem(this.spans.get(policyId)!, 'policy.advice', error))
    }
    const odd = new Set(
      [...answer.validationErrors, ...answer.validationWarnings].map(({ policyId }) => policyId),
    )
    for (const [id, { text }] of unknown) if (!odd.has(id)) known.add(text)
  }
}

type Told = Extract<ReturnType<typeof validated>, { type: 'success' }>['validationErrors'][number]

/** What the library finds, strictly. */
function validated(schema: PolicySchema, staticPolicies: Record<string, string>) {
  return withCedar((cedar) =>
    cedar.validate({
      schema: schema.json,
      policies: { staticPolicies },
      validationSettings: { mode: 'strict' },
    }),
  )
}

/** The library tells what it finds in an order of the moment. */
function byPlace(a: Told, b: Told): number {
  const start = ({ error }: Told): number => error.sourceLocations?.[0]?.start ?? 0
  return (
    byText(a.policyId, b.policyId) ||
    start(a) - start(b) ||
    byText(a.error.message, b.error.message)
  )
}

function tooLarge(sources: readonly PolicySource[]): Problem | undefined {
  let bytes = 0
  for (const { file, text } of sources) {
    bytes += text.length > MAX_SET_BYTES ? text.length : utf8(text).byteLength
    if (bytes <= MAX_SET_BYTES) continue
    const message = `the policies are larger than ${MAX_SET_BYTES} bytes together`
    return { file, line: 1, column: 1, code: 'policy.too_large', message }
  }
  return undefined
}

function badSystems(systems: readonly SystemDefinition[]): Problem[] {
  const seen = new Set<string>()
  const out: Problem[] = []
  const bad = (name: string, message: string) =>
    out.push({
      file: `system ${JSON.stringify(name)}`,
      line: 1,
      column: 1,
      code: 'policy.bad_system',
      message,
    })
  for (const { name, actions } of systems) {
    if (!SYSTEM_NAME.test(name)) {
      bad(name, 'a system is named by 1 to 64 small letters, digits, `.`, `_` and `-`')
    }
    if (seen.has(name)) bad(name, 'two systems have this name')
    seen.add(name)
    const twice = actions.find((a, at) => actions.findIndex((b) => b.name === a.name) !== at)
    if (twice !== undefined) bad(name, `two actions are named \`${twice.name}\``)
  }
  return out
}

/**
 * Compiles Cedar files against the pinned systems. Pure: the same files and systems give the same set and digest. Never
 * throws for what the files say; throws `policy.engine` only if the library itself fails.
 */
export function compilePolicySet(from: {
  readonly sources: readonly PolicySource[]
  readonly systems: readonly SystemDefinition[]
}): Compiled {
  const large = tooLarge(from.sources)
  if (large !== undefined) return { ok: false, problems: [large] }
  const systems = badSystems(from.systems)
  if (systems.length > 0) return { ok: false, problems: systems }
  const schema = policySchema(from.systems)
  const loader = new Loader(schema)
  const isLinks = ({ file }: PolicySource): boolean => file.endsWith(LINKS_SUFFIX)
  for (const source of from.sources) if (!isLinks(source)) loader.file(source)
  loader.link(from.sources.filter(isLinks))
  if (loader.problems.length < MAX_PROBLEMS) loader.validate()
  const { problems, policies, warnings } = loader
  const engine = problems.length > 0 ? undefined : loader.engine()
  if (engine === undefined) {
    return { ok: false, problems: inOrder(problems, from.sources).slice(0, MAX_PROBLEMS) }
  }
  const files = from.sources.map(({ file, text }) => ({ file, text }))
  const whole = { v: 1, files, schema: schema.json as unknown as Json }
  const set = policySet({
    digest: digest(canonicalJson(whole)),
    schema,
    policies,
    engine,
  })
  return { ok: true, set, warnings: inOrder(warnings, from.sources) }
}
