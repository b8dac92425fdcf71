/** What people carry from the server to a host or a browser. */

/** `https://HOST:PORT#PIN TOKEN`: docs/format/agent.md. */
export function enrolmentLine(of: {
  readonly url: string;
  /** Base64url. */
  readonly pin: string;
  readonly secret: string;
}): string {
  return `${of.url}#${of.pin} ${of.secret}`;
}

export function signInLink(url: string, secret: string): string {
  return `${url}/sign-in/${secret}`;
}
