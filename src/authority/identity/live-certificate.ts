// Holds the step from the row of a certificate to what the view holds of it.

import { fromBase64url } from '../../std/bytes.ts'
import type { CertificateRow } from '../../store/rows/certificate.ts'
import type { LiveCertificate, LiveInstance } from './view.ts'

/** A certificate as the view holds it. */
export function liveCertificate(row: CertificateRow, instance: LiveInstance): LiveCertificate {
  const { spki, ...rest } = row
  const bytes = spki === undefined ? undefined : fromBase64url(spki)
  return { ...rest, instance, ...(bytes === undefined ? {} : { spki: bytes }) }
}
