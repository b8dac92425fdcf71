/** What a browser comes in by: how its cookie is called, and what the addresses of its pages begin with. */
export interface Door {
  readonly scheme: 'https' | 'http';
  readonly cookie: string;
  readonly attributes: string;
}

/** `__Host-`: a browser takes it over TLS only, from this host only, and sends it to no other. */
export const TLS_DOOR: Door = {
  scheme: 'https',
  cookie: '__Host-holdfast',
  attributes: 'Path=/; Secure; HttpOnly; SameSite=Strict',
};

/** Of this machine only, without TLS: docs/design/032-up-watches.md. */
export const LOOPBACK_DOOR: Door = {
  scheme: 'http',
  cookie: 'holdfast-here',
  attributes: 'Path=/; HttpOnly; SameSite=Strict',
};

export function cookieIn({ cookie }: Door, header: string): string | undefined {
  const pairs = header.split(';').map((pair) => pair.trim());
  const own = pairs.find((pair) => pair.startsWith(`${cookie}=`));
  const secret = own?.slice(cookie.length + 1);
  return secret !== undefined && /^[A-Za-z0-9_-]{1,256}$/.test(secret) ? secret : undefined;
}

/** @param session `maxAgeMs` 0: it is taken back */
export function cookieFor(
  { cookie, attributes }: Door,
  session: { readonly secret: string; readonly maxAgeMs: number },
): string {
  const age = `Max-Age=${Math.max(0, Math.floor(session.maxAgeMs / 1000))}`;
  return `${cookie}=${session.secret}; ${attributes}; ${age}`;
}
