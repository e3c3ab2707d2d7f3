// Holds what a browser does to agree to a held call with a passkey.

import { assertion, attempt, send } from './passkey.js'

/** What the form says of agreeing for the whole task. */
function terms(form) {
  const value = (name) => form.elements.namedItem(name).value
  const lines = value('loosen')
    .split('\n')
    .map((line) => line.trim())
  return {
    count: Number(value('count')),
    for_s: Number(value('minutes')) * 60,
    loosen: lines.filter((line) => line !== ''),
  }
}

// Its buttons are out of use until this is there.
for (const form of document.querySelectorAll('form.present')) {
  form.addEventListener('submit', (event) => {
    event.preventDefault()
    const { approval, gate } = form.dataset
    const reason = form.elements.namedItem('reason').value
    const path = `/approvals/${encodeURIComponent(approval)}/presence`
    const task = event.submitter?.value === 'task' ? { for_task: terms(form) } : {}
    void attempt(event.submitter, 'Waiting for your passkey…', async () => {
      const about = { gate, ...task }
      const answer = { reason, ...about, assertion: await assertion(`${path}/options`, about) }
      const { next } = await send(path, answer)
      location.replace(next)
    })
  })
  for (const button of form.querySelectorAll('button')) button.disabled = false
}
