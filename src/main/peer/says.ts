/** Says where pings are taken that the server was seen, so that its silence shows there too. */
const LIMIT_MS = 10_000;

/** `/fail` where the server was seen and nobody could be told if it were not. */
export async function says(
  url: string,
  isTelling: boolean,
  log: (line: string) => void,
): Promise<void> {
  const to = isTelling ? url : `${url.replace(/\/+$/, '')}/fail`;
  const signal = AbortSignal.timeout(LIMIT_MS);
  try {
    const answer = await fetch(to, { method: 'POST', redirect: 'error', signal });
    await answer.body?.cancel();
    if (!answer.ok) log(`a ping was answered ${answer.status}`);
  } catch (error) {
    // What takes pings may be away; the server is watched all the same.
    log(`a ping was not taken: ${error instanceof Error ? error.message : 'it failed'}`);
  }
}
