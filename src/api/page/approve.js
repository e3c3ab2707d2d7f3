// Holds what a browser does to agree to a held call with a passkey.

import { assertion, attempt, send } from './passkey.js'

// Its buttons are out of use until this is there.
for (const form of document.querySelectorAll('form.present')) {
  form.addEventListener('submit', (event) => {
    event.preventDefault()
    const { approval, gate } = form.dataset
    const reason = form.elements.namedItem('reason').value
    const path = `/approvals/${encodeURIComponent(approval)}/presence`
    void attempt(event.submitter, 'Waiting for your passkey…', async () => {
      const answer = { reason, gate, assertion: await assertion(`${path}/options`, { gate }) }
      const { next } = await send(path, answer)
      location.replace(next)
    })
  })
  form.querySelector('button').disabled = false
}
