// Holds the messages of the AuthZEN Authorization API 1.0, as far as this decision point gives them a meaning. History: v1.

import { z } from 'zod'

const Text = z.string().min(1).max(1_024)
/** A tree that is read strictly before: its numbers keep their text. */
const Tree = z.record(z.string(), z.unknown())

/** §5.1: who. `instance` is the only type that acts here. */
const Subject = z.object({ type: Text, id: Text, properties: Tree.optional() })
/** §5.2: on what. `system` is the only type that is acted on. */
const Resource = z.object({ type: Text, id: Text, properties: Tree.optional() })
/** §5.3: what. Its properties are the arguments of the call. */
const Action = z.object({ name: Text, properties: Tree.optional() })

const Parts = {
  subject: Subject,
  action: Action,
  resource: Resource,
  /** §5.4. What the server derives itself is refused in it. */
  context: Tree.optional(),
}

/** §6.1: body of `POST /access/v1/evaluation`. */
export const Evaluation = z.object(Parts)

/** Evaluations of one request at most. */
const MOST_EVALUATIONS = 100

/**
 * §7.1: body of `POST /access/v1/evaluations`; what stands outside is what each one has by default. Each evaluation is read by itself,
 * once it has its defaults: what is wrong with one is not wrong with the request (§7.2.1).
 */
export const Evaluations = z.object({
  subject: Tree.optional(),
  action: Tree.optional(),
  resource: Tree.optional(),
  context: Tree.optional(),
  evaluations: z.array(z.unknown()).max(MOST_EVALUATIONS).optional(),
  options: z
    .object({
      evaluations_semantic: z
        .enum(['execute_all', 'deny_on_first_deny', 'permit_on_first_permit'])
        .optional(),
    })
    .optional(),
})

/** §6.2.1.2 of the reasons; only `reason_user` may be shown to the agent. */
const Reasons = z.record(z.string(), z.string())

/** §6.2: the decision. */
export const EvaluationAnswer = z
  .object({
    decision: z.boolean(),
    context: z
      .object({
        /** Call id: what every record of it is found by. Absent where nobody stood behind the question. */
        id: z.string().optional(),
        /** Stable code of a denial. */
        code: z.string().optional(),
        /** What the agent may do next. */
        next: z.string().optional(),
        reason_admin: Reasons.optional(),
        reason_user: Reasons.optional(),
        /** Where a person can agree, of a call that waits for one. */
        approval: z.object({ id: z.string(), url: z.string(), expires_at: z.string() }).optional(),
        /** When to ask again (ms), of a limit. */
        retry_after_ms: z.number().optional(),
        /** Authority for this one call: burn it online before executing. */
        grant: z.object({ token: z.string(), expires_at: z.string() }).optional(),
        /** §7.2.1: of one evaluation that is itself not right. */
        error: z.object({ status: z.number(), message: z.string() }).optional(),
      })
      .optional(),
  })
  .meta({ id: 'AccessEvaluation' })

/** §7.2: the decisions, in the order of the questions; one decision where there was no array. */
export const EvaluationsAnswer = z
  .object({
    decision: z.boolean().optional(),
    context: EvaluationAnswer.shape.context,
    evaluations: z.array(EvaluationAnswer).optional(),
  })
  .meta({ id: 'AccessEvaluations' })

/** §8: pages of searches. */
const Page = z.object({
  token: z.string().max(256).optional(),
  /** As drafts named it. */
  next_token: z.string().max(256).optional(),
  /** Results at most; a page is never longer than 1,000. */
  limit: z.int().min(0).optional(),
})

/** §8.4: body of `POST /access/v1/search/subject`. The id of the subject is ignored. */
export const SubjectSearch = z.object({
  subject: z.object({ type: Text, id: z.string().optional() }),
  action: Action,
  resource: Resource,
  context: Tree.optional(),
  page: Page.optional(),
})

/** §8.5: body of `POST /access/v1/search/resource`. The id of the resource is ignored. */
export const ResourceSearch = z.object({
  subject: Subject,
  action: Action,
  resource: z.object({ type: Text, id: z.string().optional() }),
  context: Tree.optional(),
  page: Page.optional(),
})

/** §8.6: body of `POST /access/v1/search/action`. */
export const ActionSearch = z.object({
  subject: Subject,
  resource: Resource,
  context: Tree.optional(),
  page: Page.optional(),
})

/** §8.2: what was found; an empty token: that was all. */
export const SearchAnswer = z
  .object({
    results: z.array(
      z.object({
        type: z.string().optional(),
        id: z.string().optional(),
        name: z.string().optional(),
      }),
    ),
    /** The total is not told: it would have to be counted to the end for every page. */
    page: z.object({ next_token: z.string(), count: z.number() }),
  })
  .meta({ id: 'AccessSearch' })

/** §9: where everything is. */
export const AuthzenConfiguration = z
  .object({
    policy_decision_point: z.string(),
    access_evaluation_endpoint: z.string(),
    access_evaluations_endpoint: z.string(),
    search_subject_endpoint: z.string(),
    search_resource_endpoint: z.string(),
    search_action_endpoint: z.string(),
  })
  .meta({ id: 'AuthzenConfiguration' })

/** Body of `POST /access/v1/grants/burn`. */
export const GrantBurn = z.strictObject({ grant: z.string().min(1).max(8_192) })

/** Answer: what may be done now, once. */
export const GrantBurnt = z.object({
  call: z.string(),
  instance: z.string(),
  agent: z.string(),
  system: z.string(),
  action: z.string(),
  /** Commitment to the arguments. */
  arguments: z.string(),
})

/** Body of `POST /access/v1/grants/outcome`. */
export const GrantOutcome = z.strictObject({
  grant: z.string().min(1).max(8_192),
  status: z.enum(['ok', 'error', 'not_executed', 'unknown']),
  duration_ms: z.int().min(0).max(86_400_000).optional(),
})

export type Evaluation = z.infer<typeof Evaluation>
export type Evaluations = z.infer<typeof Evaluations>
export type EvaluationAnswer = z.infer<typeof EvaluationAnswer>
