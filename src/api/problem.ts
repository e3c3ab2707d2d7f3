// Holds how a refusal is told: problem+json (RFC 9457) made of a Fault, and of nothing else that was thrown.

import { STATUS_CODES } from 'node:http'
import { Fault, publicFault } from '../std/fault.ts'
import { stringifyJson, type JsonObject } from '../std/json.ts'
import { POLICY_FAULTS } from '../policy/faults.ts'
import type { Problem as PolicyProblem } from '../policy/problem.ts'
import { OPERATOR_SCHEME } from '../wire/operator-proof.ts'
import { API_FAULTS } from './faults.ts'

/** What is wrong with one member of a request. */
export interface Invalid {
  /** `query.limit`, `body.sources.3.file`. */
  readonly path: string
  readonly message: string
}

/** Members told of one refusal. */
const MOST = 20

/** A refusal that names what is wrong, member by member or line by line. */
export class DetailedFault extends Fault {
  readonly more: JsonObject

  private constructor(
    code: string,
    kind: ConstructorParameters<typeof Fault>[1],
    detail: string,
    more: JsonObject,
  ) {
    super(code, kind, detail)
    this.more = more
  }

  /** `api.invalid`: a request that does not fit its schema. */
  static invalid(errors: readonly Invalid[]): DetailedFault {
    const [first] = errors
    const detail = first === undefined ? 'the request is invalid' : `${first.path} ${first.message}`
    const told = errors.slice(0, MOST).map((error) => ({ ...error }))
    return new DetailedFault('api.invalid', API_FAULTS['api.invalid'], detail, { errors: told })
  }

  /** `policy.invalid`: a set of policies that cannot be in force. */
  static policies(problems: readonly PolicyProblem[]): DetailedFault {
    const [first] = problems
    const place = first === undefined ? '' : `: ${first.file}:${first.line}: ${first.message}`
    const { next } = POLICY_FAULTS['policy.invalid']
    return new DetailedFault(
      'policy.invalid',
      { status: 422, next },
      `the policies are not valid${place}`,
      { problems: problems.map((problem) => ({ ...problem })) },
    )
  }
}

/** How whoever was refused has to show who they are: enforcers by an assertion, people by a proof. */
function schemeOf(code: string): string {
  return code.startsWith('enforcer.') ? 'Bearer' : OPERATOR_SCHEME
}

/** The answer to whatever was thrown. */
export function problem(
  error: unknown,
  requestId: string,
  headers: Readonly<Record<string, string>> = {},
): Response {
  const { code, detail, next, status } = publicFault(error)
  const body: JsonObject = {
    type: 'about:blank',
    title: STATUS_CODES[status] ?? 'Error',
    status,
    code,
    detail,
    next,
    request_id: requestId,
    ...(error instanceof DetailedFault && error.more),
  }
  return new Response(stringifyJson(body), {
    status,
    headers: {
      'content-type': 'application/problem+json',
      ...(status === 401 && { 'www-authenticate': schemeOf(code) }),
      ...headers,
    },
  })
}
