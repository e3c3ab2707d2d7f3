// Holds the templates of a set while it is loaded, and the policies that links make of them.

import type { PolicyJson } from '@cedar-policy/cedar-wasm/nodejs'
import { readAnnotations } from './annotation.ts'
import { filled, readLinks, type TemplateLink } from './cedar/links.ts'
import type { PolicyCode } from './faults.ts'
import { withCedar } from './library.ts'
import { parsedPolicy } from './parsed.ts'
import type { Policy } from './policy.ts'
import { libraryProblem, problemAt, type Problem, type Span } from './problem.ts'
import { placeAt } from './source.ts'

/** Links of one file. Each is a policy that is parsed and validated. */
const MAX_LINKS = 10_000

interface Template {
  readonly span: Span
  readonly line: number
  /** Offset of its first slot. */
  readonly slot: number
  used: boolean
}

/** A policy that came of a link, and where the link stands. */
interface Linked {
  readonly policy: Policy
  readonly span: Span
}

/** What a file of links comes to. */
interface Filled {
  readonly linked: readonly Linked[]
  readonly problems: readonly Problem[]
}

/** The templates of a set. */
export class Templates {
  readonly #templates = new Map<string, Template>()

  /** Takes a template, whose annotations are checked with each link; what is wrong with it otherwise is told. */
  take(span: Span, line: number, slot: number): readonly Problem[] {
    const answer = withCedar((cedar) => cedar.templateToJson(span.text))
    if (answer.type === 'failure') {
      return answer.errors.map((error) => libraryProblem(span, 'policy.syntax', error))
    }
    const id = answer.json.annotations?.['id']
    if (id === undefined) {
      return [problemAt(span, 0, 'policy.missing_id', 'the template has no `@id`')]
    }
    const twin = this.#templates.get(id)
    if (twin !== undefined) {
      const message = `the \`@id\` of this template is already used in ${twin.span.file}, line ${twin.line}`
      return [problemAt(span, 0, 'policy.duplicate_id', message)]
    }
    this.#templates.set(id, { span, line, slot, used: false })
    return []
  }

  /** The policies that a file of links makes. */
  fill(file: string, source: string): Filled {
    const at = (start: number): Span => ({ file, source, text: '', start })
    const wrong = (message: string): Filled => ({
      linked: [],
      problems: [problemAt(at(0), 0, 'policy.links', message)],
    })
    const read = readLinks(source)
    if (!read.ok) return wrong(read.message)
    if (read.links.length > MAX_LINKS) return wrong(`a file has at most ${MAX_LINKS} links`)
    const linked: Linked[] = []
    const problems: Problem[] = []
    let from = 0
    for (const link of read.links) {
      // Links stand in the order in which they are read, so each is looked for behind the last.
      const found = source.indexOf(JSON.stringify(link.id), from)
      if (found >= 0) from = found + 1
      const span = at(Math.max(found, 0))
      const made = this.#link(link, span)
      if ('policy' in made) linked.push(made)
      else problems.push(...made)
    }
    return { linked, problems }
  }

  #link(link: TemplateLink, span: Span): Linked | readonly Problem[] {
    const refuse = (message: string, code: PolicyCode = 'policy.links', help?: string) => [
      problemAt(span, 0, code, message, help),
    ]
    const template = this.#templates.get(link.template)
    if (template === undefined) return refuse('the link names a template that is not there')
    template.used = true
    const made = filled(template.span.text, link)
    if ('wrong' in made) return refuse(made.wrong)
    const answer = parsedPolicy(made.text)
    if (answer.type === 'failure') {
      return answer.errors.map((error) => libraryProblem(span, 'policy.links', error))
    }
    // The policy goes by the id of its link; whatever else the template says is the policy's.
    const json: PolicyJson = {
      ...answer.json,
      annotations: { ...answer.json.annotations, id: link.id },
    }
    const { annotations, problems } = readAnnotations(json)
    if (problems.length > 0 || annotations.id === undefined) {
      return problems.flatMap(({ code, message, help }) => refuse(message, code, help))
    }
    const { file } = template.span
    const { effect } = json
    const { line } = template
    const { column } = placeAt(template.span.source, template.span.start)
    const place = { file, line, column, text: made.text }
    const policy = { ...annotations, id: annotations.id, effect, ...place, json }
    return { policy, span }
  }

  /** Templates that nothing fills: they would decide nothing, and look as if they did. */
  unfilled(): readonly Problem[] {
    return [...this.#templates.values()]
      .filter(({ used }) => !used)
      .map(({ span, slot }) =>
        problemAt(span, slot, 'policy.template', 'the policy is a template, and no link fills it'),
      )
  }
}
