/** Asks a server's API for the line by which one host is enrolled. */
const LIMIT_MS = 30_000;
const ANSWER_SIZE_MAX = 64 * 1024;

/**
 * @param server its origin, such as https://holdfast.example:7431
 * @returns the line, or undefined where it gave none; @throws whatever the network does
 */
export async function askLine(of: {
  readonly server: string;
  readonly token: string;
  readonly host: string;
}): Promise<string | undefined> {
  const { server, token, host } = of;
  const answer = await fetch(new URL('/v1/enrolments', server), {
    method: 'POST',
    redirect: 'error',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ host }),
    signal: AbortSignal.timeout(LIMIT_MS),
  });
  const text = (await answer.text()).slice(0, ANSWER_SIZE_MAX);
  return answer.ok ? lineIn(text) : undefined;
}

/** Of `{"line": ...}`, which a server's own command prints as well. */
export function lineIn(json: string): string | undefined {
  try {
    const said: unknown = JSON.parse(json);
    const isLine = typeof said === 'object' && said !== null && 'line' in said;
    return isLine && typeof said.line === 'string' ? said.line : undefined;
  } catch {
    return undefined; // What it said instead stands elsewhere.
  }
}
