import { type Found, found, quoted } from './found.ts';

/**
 * A connection that was not made. What the other side did is broken; what kept us from asking it
 * (our own resolver, route or limits) is unreadable: from here nothing was seen of it.
 */
export function judgeNoConnection(what: string, code: string, said = ''): Found {
  const detail = { error: quoted(code, 60) };
  switch (code) {
    case 'ECONNREFUSED':
      return found('broken', `${what} refuses connections`, detail);
    case 'ECONNRESET':
    case 'EPIPE':
      return found('broken', `${what} hangs up`, detail);
    case 'ETIMEDOUT':
      return found('broken', `${what} does not answer`, detail);
    case 'ENOTFOUND':
      return found('broken', `the name of ${what} does not exist in DNS`, detail);
    case 'EAI_AGAIN':
    case 'EAI_FAIL':
      return found('unreadable', `the resolver here does not answer for ${what}`, detail);
    case 'ENETUNREACH':
    case 'EHOSTUNREACH':
    case 'EHOSTDOWN':
      return found('unreadable', `there is no way from here to ${what}`, detail);
    default:
      break;
  }
  const why = quoted(said === '' ? code : said, 200);
  if (/^(?:CERT_|ERR_TLS_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_|ERR_SSL_|HOSTNAME_)/.test(code)) {
    return found('broken', `${what} has no certificate that holds: ${why}`, detail);
  }
  if (/^(?:HPE_|ERR_HTTP)/.test(code)) {
    return found('broken', `${what} does not speak HTTP: ${why}`, detail);
  }
  return found('unreadable', `${what} could not be asked: ${why}`, detail);
}
