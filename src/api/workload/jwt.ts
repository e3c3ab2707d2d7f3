// Holds `FetchJWTSVID` and `ValidateJWTSVID` (Workload API §6.2.1, §6.2.3).

import { create, type JsonObject } from '@bufbuild/protobuf'
import type { HandlerContext } from '@connectrpc/connect'
import { Fault } from '../../std/fault.ts'
import { stringifyJson } from '../../std/json.ts'
import { processOf } from './gate.ts'
import { fault } from './faults.ts'
import { keyOfNobody } from './key.ts'
import type { WorkloadPorts } from './ports.ts'
import {
  JWTSVIDResponseSchema,
  ValidateJWTSVIDResponseSchema,
  type JWTSVIDRequest,
  type JWTSVIDResponse,
  type ValidateJWTSVIDRequest,
  type ValidateJWTSVIDResponse,
} from './workload_pb.ts'
import { checkStanding } from './x509.ts'

const MAX_AUDIENCES = 16
const MAX_AUDIENCE = 512
const MAX_SVID = 8_192

function isAudience(text: string): boolean {
  // eslint-disable-next-line no-control-regex
  return text !== '' && text.length <= MAX_AUDIENCE && !/[\u0000-\u001f\u007f]/.test(text)
}

/** `FetchJWTSVID`: for the audiences that are named, at most five minutes, for the one instance that the process is. */
export async function fetchJwtSvid(
  ports: WorkloadPorts,
  { audience, spiffeId: wanted }: JWTSVIDRequest,
  context: HandlerContext,
): Promise<JWTSVIDResponse> {
  const audiences = [...new Set(audience)]
  if (audiences.length === 0 || audience.length > MAX_AUDIENCES || !audiences.every(isAudience)) {
    throw fault('workload.audience', 'the audience is missing, or not one that can be written down')
  }
  const connection = processOf(context)
  const { processes, tokens } = ports
  const known = processes.instanceOf(connection.peer)
  if (known !== undefined) checkStanding(ports, connection, known)
  const instance = await processes.instanceFor(connection, keyOfNobody)
  checkStanding(ports, connection, instance)
  if (wanted !== '' && wanted !== tokens.spiffeIdOf(instance)) {
    throw fault('workload.not_yours', 'the process is not entitled to that identity')
  }
  const svid = await tokens.sign({ instance, audience: audiences })
  return create(JWTSVIDResponseSchema, {
    svids: [{ spiffeId: tokens.spiffeIdOf(instance) ?? '', svid }],
  })
}

/** `ValidateJWTSVID`: for any local process, because it tells only what the bundle would tell as well. */
export async function validateJwtSvid(
  { tokens }: WorkloadPorts,
  { audience, svid }: ValidateJWTSVIDRequest,
): Promise<ValidateJWTSVIDResponse> {
  if (!isAudience(audience)) {
    throw fault('workload.audience', 'the audience is missing, or not one that can be written down')
  }
  if (svid === '' || svid.length > MAX_SVID) {
    throw fault('workload.svid', 'the JWT-SVID is missing, or longer than one is')
  }
  const { spiffeId, claims } = await verified(tokens.verify({ svid, audience }))
  return create(ValidateJWTSVIDResponseSchema, {
    spiffeId,
    claims: JSON.parse(stringifyJson(claims)) as JsonObject,
  })
}

/** What is wrong with a JWT-SVID is wrong with the argument: the caller itself is refused nothing. */
async function verified<T>(verifying: Promise<T>): Promise<T> {
  try {
    return await verifying
  } catch (error) {
    if (!(error instanceof Fault) || error.status >= 500) throw error
    throw fault('workload.svid', `the JWT-SVID does not hold: ${error.detail}`, error)
  }
}
