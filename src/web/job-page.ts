/** One job: what it is of, how far it is, what came of it. */
import { countOf, formatBytes, formatRate } from '../base/say-quantity.ts';
import { formatDuration } from '../base/say-time.ts';
import type { RestoreWant } from '../watch/core/files/wants.ts';
import { type Html, html, nameHtml, NOTHING } from '../watch/core/look/html.ts';
import type { StandingMark } from '../watch/core/standing/standing.ts';
import { stateHtml } from './glyphs.ts';
import { pageOf } from './layout.ts';
import { jobHtml } from './rail.ts';
import type { JobShown, Shown } from './shown.ts';
import { ageHtml, urlPart } from './words.ts';

export interface JobFacts {
  readonly job: JobShown;
  /** Of a restore of files. */
  readonly wants: RestoreWant | undefined;
  /** What it said at its end, as its command does with `--json`. */
  readonly answer: string | undefined;
}

const MARKS: Readonly<Record<string, StandingMark>> = {
  ...{ done: 'ok', gaps: 'degraded', failed: 'failed', refused: 'failed' },
};
const PATHS_SHOWN = 20;

export function jobPage(shown: Shown, facts: JobFacts): string {
  const { job } = facts;
  const body = html`<div class="wrap"><p class="crumb"><a href="/">Exposure</a> / <a href="/jobs">Jobs</a> / ${job.act} on <a href="/hosts/${urlPart(job.host)}">${job.host}</a></p>
${jobPart(shown, facts)}</div>`;
  return pageOf(shown, { title: `${job.act} on ${job.host}`, menu: 'Jobs', body, isRead: true });
}

/** What changes of it; read again when its job says something. */
export function jobPart(shown: Shown, given: JobFacts): Html {
  const facts = seenBy(shown, given);
  const { job, wants } = facts;
  const mark = MARKS[job.state] ?? 'unknown';
  return html`<div id="job" data-live="job" data-part="/part/job/${job.job}">
<p class="isnow">${stateHtml(mark, job.state)} <span>asked for by ${job.by} ${ageHtml(Math.max(0, shown.at - job.askedAt))}; last word ${ageHtml(Math.max(0, shown.at - job.changedAt))}</span></p>
<h1 class="say">${leadHtml(facts)}</h1>
${job.isOpen ? html`<section>${jobHtml(job, shown)}</section>` : endHtml(facts)}
${wants === undefined ? NOTHING : wantsHtml(wants)}</div>`;
}

/** Names of what is in snapshots are for those who may browse them. */
function seenBy({ reader }: Shown, facts: JobFacts): JobFacts {
  const isHidden = facts.wants !== undefined && reader.mayBrowse !== true;
  return isHidden ? { job: facts.job, wants: undefined, answer: undefined } : facts;
}

const TO: Readonly<Record<string, string>> = {
  asked: 'is to be restored to',
  taken: 'is to be restored to',
  running: 'is being restored to',
  done: 'was restored to',
  gaps: 'was restored, with gaps, to',
};

function leadHtml({ job, wants }: JobFacts): Html {
  if (wants === undefined) {
    return html`<b>${job.act} ${job.name}</b> on ${job.host}: ${job.isOpen ? 'under way' : job.state}.`;
  }
  const [first] = wants.paths;
  const what =
    wants.paths.length > 1
      ? html`<b>${countOf(wants.paths.length, 'path')}</b>`
      : first === undefined || first === ''
        ? html`<b>A whole snapshot</b>`
        : html`<b>${nameHtml(first)}</b>`;
  const where = html`<b class="mono">${job.host}:${wants.place}/${wants.name}</b>`;
  const words = TO[job.state];
  return words === undefined
    ? html`${what} was <span class="bad">not restored</span> to ${where}: ${job.why === '' ? job.state : job.why}.`
    : html`${what} ${words} ${where}.`;
}

interface Ended {
  readonly bytes?: unknown;
  readonly entries?: unknown;
  readonly durationMs?: unknown;
  readonly rateBytesPerS?: unknown;
  readonly failureCount?: unknown;
  readonly gapCount?: unknown;
}

function endHtml({ job, answer }: JobFacts): Html {
  const said = endOf(answer);
  const number = (value: unknown): number | undefined =>
    typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : undefined;
  const [bytes, entries] = [number(said.bytes), number(said.entries)];
  const [ms, rate] = [number(said.durationMs), number(said.rateBytesPerS)];
  const failures = (number(said.failureCount) ?? 0) + (number(said.gapCount) ?? 0);
  const rows = [
    ...(entries === undefined || bytes === undefined
      ? []
      : [row('Holds', `${countOf(entries, 'entry', 'entries')}, ${formatBytes(bytes)}`)]),
    ...(ms === undefined
      ? []
      : [row('Took', `${formatDuration(ms)}${rate === undefined ? '' : `, ${formatRate(rate)}`}`)]),
    ...(failures === 0 ? [] : [row('Not whole', countOf(failures, 'entry', 'entries'))]),
    ...(job.why === '' ? [] : [row('Said', job.why)]),
  ];
  const raw =
    answer === undefined
      ? NOTHING
      : html`<details class="raw"><summary>The raw answer</summary><pre class="cmd" tabindex="0">${answer.slice(0, 600)}</pre></details>`;
  return html`<section>${rows.length === 0 ? NOTHING : html`<dl class="facts">${rows}</dl>`}${raw}</section>`;
}

function row(term: string, text: string): Html {
  return html`<dt>${term}</dt><dd>${text}</dd>`;
}

function endOf(answer: string | undefined): Ended {
  if (answer === undefined) return {};
  try {
    const value: unknown = JSON.parse(answer);
    return typeof value === 'object' && value !== null ? value : {};
  } catch {
    return {}; // Of a host that writes what is no JSON.
  }
}

function wantsHtml({ paths, snapshot, place, name }: RestoreWant): Html {
  const isAll = paths.length === 1 && paths[0] === '';
  const shownPaths = paths
    .slice(0, PATHS_SHOWN)
    .map((path) => html`<li class="mono">${nameHtml(path)}</li>`);
  const more = paths.length - PATHS_SHOWN;
  return html`<section><div class="h"><h2>What it is of</h2></div><dl class="facts">${row('Snapshot', snapshot.slice(0, 16))}${row('To', `${place}/${name}`)}</dl>${isAll ? NOTHING : html`<ul>${shownPaths}</ul>`}${more > 0 ? html`<p class="sub">${String(more)} more</p>` : NOTHING}</section>`;
}
