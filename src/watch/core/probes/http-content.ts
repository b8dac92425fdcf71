import { formatBytes } from '../../../base/say-quantity.ts';
import { formatDuration } from '../../../base/say-time.ts';
import { type Found, found, quoted } from './found.ts';

export interface HttpWanted {
  /** Empty: 200 to 299. */
  readonly statuses: readonly number[];
  readonly texts: readonly string[];
  /** Texts that must not be there: `It works!`, `Error establishing a database connection`. */
  readonly notTexts: readonly string[];
  readonly bytesMax: number;
  /** Slower than this works in part. */
  readonly slowMs: number | undefined;
}

export interface HttpAnswer {
  readonly url: string;
  readonly status: number;
  readonly body: string;
  /** More came than was read. */
  readonly isCut: boolean;
  readonly tookMs: number;
}

/** Whether what was served is what should be. */
export function judgeHttp(answer: HttpAnswer, wanted: HttpWanted): Found {
  const { status, body, isCut, tookMs } = answer;
  const took = formatDuration(tookMs);
  const detail = { status, bytes: body.length, tookMs, url: quoted(answer.url, 250) };
  const isStatus =
    wanted.statuses.length === 0
      ? status >= 200 && status <= 299
      : wanted.statuses.includes(status);
  const answered = `it answers ${status} in ${took}`;
  if (!isStatus) {
    const instead = wanted.statuses.length === 0 ? '200' : wanted.statuses.join(' or ');
    return found('broken', `it answers ${status}, not ${instead}`, detail);
  }
  const banned = wanted.notTexts.find((text) => body.includes(text));
  if (banned !== undefined) {
    return found('broken', `${answered}, and shows "${quoted(banned)}"`, detail);
  }
  const missing = wanted.texts.find((text) => !body.includes(text));
  if (missing !== undefined) {
    const where = isCut ? ` in its first ${formatBytes(wanted.bytesMax)}` : '';
    return found('broken', `${answered}, without "${quoted(missing)}"${where}`, detail);
  }
  if (isCut && wanted.texts.length === 0) {
    const limit = formatBytes(wanted.bytesMax);
    return found('healthy', `${answered}; of its content the first ${limit} were read`, detail);
  }
  if (wanted.slowMs !== undefined && tookMs > wanted.slowMs) {
    return found('impaired', `${answered}, slower than ${formatDuration(wanted.slowMs)}`, detail);
  }
  const held = wanted.texts.length === 0 ? '' : ', with what must be there';
  return found('healthy', `${answered}${held}`, detail);
}

/**
 * Where a redirect may lead: to the same name, or one that is listed, and never out of TLS. What a
 * server answers must not send a probe to other machines of ours.
 *
 * @returns why not; undefined where it may
 */
export function objectionToRedirect(
  from: { readonly protocol: string; readonly hostname: string },
  to: { readonly protocol: string; readonly hostname: string },
  also: readonly string[],
): string | undefined {
  if (to.protocol !== 'http:' && to.protocol !== 'https:') {
    return `it leads to ${quoted(to.protocol, 40)} instead of a page`;
  }
  if (from.protocol === 'https:' && to.protocol === 'http:') return 'it leads out of TLS';
  if (to.hostname === from.hostname || also.includes(to.hostname)) return undefined;
  return `it leads to ${quoted(to.hostname, 100)}, which is not below also:`;
}
