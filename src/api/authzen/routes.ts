// Holds the routes of AuthZEN: evaluations for enforcers, searches for operators, metadata for everybody, grants.

import {
  ActionSearch,
  AuthzenConfiguration,
  Evaluation,
  EvaluationAnswer,
  Evaluations,
  EvaluationsAnswer,
  GrantBurn,
  GrantBurnt,
  GrantOutcome,
  ResourceSearch,
  SearchAnswer,
  SubjectSearch,
} from '../../wire/api/authzen.ts'
import type { ControlPorts } from '../ports.ts'
import type { Surface } from '../serve.ts'
import { evaluateMany, evaluateOne } from './evaluate.ts'
import { authzenFault } from './faults.ts'
import { searchActions, searchResources, searchSubjects } from './search.ts'

/** Requests of one enforcer that are answered at once. */
const MOST_AT_ONCE = 64

/** Counts what runs for each enforcer. */
class Running {
  readonly #running = new Map<string, number>()

  async run<T>(name: string, work: () => Promise<T>): Promise<T> {
    const now = this.#running.get(name) ?? 0
    if (now >= MOST_AT_ONCE) throw authzenFault('authzen.busy', 'too many questions at once')
    this.#running.set(name, now + 1)
    try {
      return await work()
    } finally {
      const left = this.#running.get(name)! - 1
      if (left === 0) this.#running.delete(name)
      else this.#running.set(name, left)
    }
  }
}

/** Serves AuthZEN. */
export function serveAuthzen(surface: Surface, ports: ControlPorts): void {
  const { decisions } = ports
  const running = new Running()
  surface.open(
    'GET /.well-known/authzen-configuration',
    { summary: 'Where the decision point answers (AuthZEN 1.0 §9)', answer: AuthzenConfiguration },
    () => {
      const base = decisions.url()
      return {
        policy_decision_point: base,
        access_evaluation_endpoint: `${base}/access/v1/evaluation`,
        access_evaluations_endpoint: `${base}/access/v1/evaluations`,
        search_subject_endpoint: `${base}/access/v1/search/subject`,
        search_resource_endpoint: `${base}/access/v1/search/resource`,
        search_action_endpoint: `${base}/access/v1/search/action`,
      }
    },
  )
  surface.enforced(
    'POST /access/v1/evaluation',
    {
      summary: 'May this instance do this, now? (AuthZEN 1.0 §6)',
      body: Evaluation,
      answer: EvaluationAnswer,
    },
    ({ body, enforcer }) =>
      running.run(enforcer.name, () => evaluateOne(body, enforcer, decisions)),
  )
  surface.enforced(
    'POST /access/v1/evaluations',
    {
      summary: 'Several questions in one request (AuthZEN 1.0 §7)',
      body: Evaluations,
      answer: EvaluationsAnswer,
    },
    ({ body, enforcer }) =>
      running.run(enforcer.name, () => evaluateMany(body, enforcer, decisions)),
  )
  surface.enforced(
    'POST /access/v1/grants/burn',
    {
      summary: 'Use a grant up: once, online, before executing what it is for',
      body: GrantBurn,
      answer: GrantBurnt,
    },
    async ({ body, enforcer }) => {
      const burnt = await running.run(enforcer.name, () => decisions.burn(body.grant, enforcer))
      const { call, instance, agent, system, action } = burnt
      return { call, instance, agent, system, action, arguments: burnt.arguments }
    },
  )
  surface.enforced(
    'POST /access/v1/grants/outcome',
    {
      summary: 'Say what became of a call that was granted; the record marks it as said',
      body: GrantOutcome,
      answer: GrantBurnt,
    },
    async ({ body: { grant, status, duration_ms: durationMs }, enforcer }) => {
      const told = { status, ...(durationMs !== undefined && { durationMs }) }
      const of = await running.run(enforcer.name, () => decisions.outcome(grant, enforcer, told))
      const { call, instance, agent, system, action } = of
      return { call, instance, agent, system, action, arguments: of.arguments }
    },
  )
  serveSearch(surface, ports)
}

function serveSearch(surface: Surface, ports: ControlPorts): void {
  const { decisions } = ports
  surface.closed(
    'POST /access/v1/search/subject',
    {
      summary: 'Which live instances could do this (AuthZEN 1.0 §8.4)',
      body: SubjectSearch,
      answer: SearchAnswer,
    },
    ({ body }) => searchSubjects(body, ports, decisions),
  )
  surface.closed(
    'POST /access/v1/search/resource',
    {
      summary: 'On which systems an instance could do this (AuthZEN 1.0 §8.5)',
      body: ResourceSearch,
      answer: SearchAnswer,
    },
    ({ body }) => searchResources(body, ports, decisions),
  )
  surface.closed(
    'POST /access/v1/search/action',
    {
      summary: 'What an instance could do on a system (AuthZEN 1.0 §8.6)',
      body: ActionSearch,
      answer: SearchAnswer,
    },
    ({ body }) => searchActions(body, ports, decisions),
  )
}
