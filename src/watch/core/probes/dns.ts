import { countOf } from '../../../base/say-quantity.ts';
import { type Found, found, quoted } from './found.ts';

/** Whether a name leads where it should. @param expect all of these must be among the answers */
export function judgeDns(answers: readonly string[], expect: readonly string[]): Found {
  const same = (text: string): string => text.toLowerCase().replace(/\.$/, '');
  const given = new Set(answers.map(same));
  const detail = { answers: answers.length, first: quoted(answers[0] ?? '', 250) };
  const missing = expect.filter((one) => !given.has(same(one)));
  if (missing.length > 0) {
    const instead = quoted(answers.slice(0, 4).join(', '), 200);
    return found('broken', `it leads to ${instead}, not to ${quoted(missing.join(', '))}`, detail);
  }
  if (answers.length === 0) return found('broken', 'it leads nowhere', detail);
  return found(
    'healthy',
    `${countOf(answers.length, 'answer')}: ${quoted(answers.slice(0, 4).join(', '), 200)}`,
    detail,
  );
}

/** No answer: what the DNS says is broken, and a resolver that says nothing is unreadable. */
export function judgeNoDns(code: string): Found {
  const detail = { error: quoted(code, 60) };
  if (code === 'ENOTFOUND') return found('broken', 'the name does not exist', detail);
  if (code === 'ENODATA') return found('broken', 'the name has nothing of this kind', detail);
  if (code === 'ESERVFAIL') return found('broken', 'the servers of the name fail', detail);
  return found('unreadable', `the resolver did not answer (${quoted(code, 60)})`, detail);
}
