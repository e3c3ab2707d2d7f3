// Holds the wait of a command that stays up until it is asked to end.

/** Resolves when the person presses control-C, or the process is asked to end. Keeps the process alive until then. */
export function untilInterrupted(interrupted: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const alive = setInterval(() => undefined, 60_000)
    const end = (): void => {
      clearInterval(alive)
      resolve()
    }
    if (interrupted.aborted) end()
    else interrupted.addEventListener('abort', end, { once: true })
  })
}
