// Holds generated policies: scopes of every form, conditions, and templates with their links.

import type { Draw } from './draw.ts'
import { Expressions } from './expression.ts'
import { drawName, ENTITY_TYPES, type Schema } from './schema.ts'
import type { EntityName } from './value.ts'

/** A template that is filled: what the slots hold. */
export interface SampleLink {
  readonly id: string
  readonly template: string
  readonly values: Readonly<Record<string, EntityName>>
}

/** Policies by id, templates by id, and links of templates. */
export interface SamplePolicies {
  readonly policies: ReadonlyMap<string, string>
  readonly templates: ReadonlyMap<string, string>
  readonly links: readonly SampleLink[]
}

/** Ids of actions; the last is a group of the others. */
export const ACTIONS = ['read', 'write', 'odd "one"', 'all']

class Author {
  readonly #draw: Draw
  readonly #expressions: Expressions

  constructor(draw: Draw, schema: Schema) {
    this.#draw = draw
    this.#expressions = new Expressions(draw, schema)
  }

  /** A constraint on the principal or the resource; with a slot only where one is wanted. */
  #party(name: string, slot: boolean): string {
    const draw = this.#draw
    const entity = slot ? `?${name}` : this.#expressions.named()
    const type = draw.pick(ENTITY_TYPES)
    const forms = [
      `${name} in ${entity}`,
      `${name} == ${entity}`,
      `${name} is ${type} in ${entity}`,
      ...(slot ? [] : [`${name} is ${type}`, name, name, name, name]),
    ]
    return forms[forms.length - 1 - draw.below(forms.length)]!
  }

  #action(): string {
    const draw = this.#draw
    const one = () => `Action::${JSON.stringify(draw.pick(ACTIONS))}`
    return draw.pick([
      () => 'action',
      () => 'action',
      () => `action == ${one()}`,
      () => `action in ${one()}`,
      () => `action in [${draw.many(0, 3, one).join(', ')}]`,
    ])()
  }

  policy(slots: { readonly principal: boolean; readonly resource: boolean }): string {
    const draw = this.#draw
    const effect = draw.pick(['permit', 'permit', 'forbid'])
    const parts = [
      this.#party('principal', slots.principal),
      this.#action(),
      this.#party('resource', slots.resource),
    ]
    const conditions = draw.many(0, 2, () => {
      const depth = draw.pick([2, 3, 1, 4])
      return `${draw.pick(['when', 'unless'])} { ${this.#expressions.of({ kind: 'bool' }, depth)} }`
    })
    return `${effect} (${parts.join(', ')}) ${conditions.join(' ')};`
  }
}

/** The policies of one world. */
export function drawPolicies(draw: Draw, schema: Schema): SamplePolicies {
  const author = new Author(draw, schema)
  const plain = { principal: false, resource: false }
  const policies = draw.many(1, 9, (at) => [`p${at}`, author.policy(plain)] as const)
  const templates = draw.many(0, 2, (at) => {
    const slots = draw.pick([
      { principal: true, resource: false },
      { principal: false, resource: true },
      { principal: true, resource: true },
    ])
    return { id: `t${at}`, slots, text: author.policy(slots) }
  })
  const links = templates.flatMap(({ id, slots }) =>
    draw.many(0, 2, (at): SampleLink => {
      const fill = (name: string): [string, EntityName] => {
        const sample = drawName(draw, draw.pick(ENTITY_TYPES))
        if (sample.kind !== 'entity') throw new TypeError('a name is an entity')
        return [name, sample.value]
      }
      const values = Object.fromEntries([
        ...(slots.principal ? [fill('?principal')] : []),
        ...(slots.resource ? [fill('?resource')] : []),
      ])
      return { id: `${id}l${at}`, template: id, values }
    }),
  )
  return {
    policies: new Map(policies),
    templates: new Map(templates.map(({ id, text }) => [id, text])),
    links,
  }
}
