import { countOf } from '../../../base/say-quantity.ts';
import { formatDuration } from '../../../base/say-time.ts';
import { type Found, found, quoted } from './found.ts';
import { ALL_CLEAR, TROUBLE_KINDS, type TroubleKind } from './kernel-troubles.ts';

export interface KernelLine {
  /** Milliseconds since the machine started. */
  readonly upMs: number;
  /** As syslog counts: 0 is the worst, 7 is debugging. */
  readonly priority: number;
  readonly text: string;
}

interface Trouble {
  readonly kind: TroubleKind;
  readonly about: string;
  /** The newest. */
  readonly line: KernelLine;
  readonly count: number;
}

const TROUBLES_MAX = 200;
const LINE_CHARS_MAX = 2048;
const NAMED_MAX = 3;

/** A record of /dev/kmsg; undefined for what is none, or was written by a program. */
export function kmsgLine(record: string): KernelLine | undefined {
  const [, prefix = '', , microseconds = '', text = ''] =
    /^(\d{1,6}),(\d{1,20}),(\d{1,18}),[^;]*;([^\n]*)/.exec(record) ?? [];
  const number = Number(prefix === '' ? Number.NaN : prefix);
  // Facility 0 is the kernel's: it gives another to whatever a program writes there.
  if (!Number.isInteger(number) || number >> 3 !== 0) return undefined;
  return { upMs: Number(microseconds) / 1000, priority: number & 7, text };
}

/** A line of `journalctl --dmesg --output=short-monotonic`, or of `dmesg`. */
export function monotonicLine(line: string): KernelLine | undefined {
  const [, seconds = '', text = ''] =
    /^\[\s*(\d{1,12}\.\d+)\] (?:\S+ kernel: )?(.*)$/.exec(line) ?? [];
  return seconds === '' ? undefined : { upMs: Number(seconds) * 1000, priority: 6, text };
}

/** What the kernel told of trouble since this machine started. Bounded, whatever it is fed. */
export class KernelTroubles {
  readonly #troubles: Map<string, Trouble> = new Map();
  #lineCount = 0;

  get lineCount(): number {
    return this.#lineCount;
  }

  note(line: KernelLine): void {
    this.#lineCount += 1;
    const text = line.text.slice(0, LINE_CHARS_MAX);
    this.#clear(text);
    for (const kind of TROUBLE_KINDS) {
      const match = kind.pattern.exec(text);
      if (match === null) continue;
      this.#add({ kind, about: match[1] ?? match[2] ?? '', line: { ...line, text }, count: 1 });
      return;
    }
  }

  #clear(text: string): void {
    for (const { area, pattern } of ALL_CLEAR) {
      const about = pattern.exec(text)?.[1];
      if (about === undefined) continue;
      for (const [id, trouble] of this.#troubles) {
        if (trouble.kind.area === area && trouble.about === about) this.#troubles.delete(id);
      }
    }
  }

  #add(trouble: Trouble): void {
    const id = `${TROUBLE_KINDS.indexOf(trouble.kind)} ${trouble.about}`;
    const before = this.#troubles.get(id);
    // The newest stand last, so that the oldest gives way.
    this.#troubles.delete(id);
    this.#troubles.set(id, { ...trouble, count: (before?.count ?? 0) + 1 });
    const [oldest] = this.#troubles.keys();
    if (this.#troubles.size > TROUBLES_MAX && oldest !== undefined) this.#troubles.delete(oldest);
  }

  /** @param upMs now, as the lines count. */
  judge(upMs: number): Found {
    const now = [...this.#troubles.values()]
      .filter(({ kind, line }) => upMs - line.upMs < kind.holdMs)
      .sort((one, other) => rank(one) - rank(other) || other.line.upMs - one.line.upMs);
    const [worst] = now;
    if (worst === undefined) {
      const lines = countOf(this.#lineCount, 'line');
      return found('healthy', `nothing in ${lines} of the kernel tells of trouble now`, {
        lines: this.#lineCount,
      });
    }
    const sameAs = (one: Trouble): string => `${one.kind.area} ${one.about}`;
    const further = [...Map.groupBy(now, sameAs).values()]
      .flatMap(([first]) => first ?? [])
      .filter((one) => sameAs(one) !== sameAs(worst));
    const others = further.slice(0, NAMED_MAX).map(named);
    const more = further.length - others.length;
    if (more > 0) others.push(`${more} more`);
    const ago = formatDuration(Math.max(0, upMs - worst.line.upMs), { detail: 'rough' });
    const also = others.length === 0 ? '' : `; also ${others.join(', ')}`;
    const why = `${named(worst)}: ${worst.kind.means} (${ago} ago: ${quoted(worst.line.text)})${also}`;
    return found(worst.kind.saw, why, {
      about: quoted(worst.about),
      cause: `${worst.kind.area} ${quoted(worst.about)}`,
      area: worst.kind.area,
      line: quoted(worst.line.text, 250),
      count: worst.count,
      troubles: now.length,
      upMs: worst.line.upMs,
    });
  }
}

function rank({ kind }: Trouble): number {
  const areas: readonly TroubleKind['area'][] = ['file system', 'array', 'disk'];
  const area = areas.indexOf(kind.area);
  return (kind.saw === 'broken' ? 0 : 100) + (area < 0 ? areas.length : area);
}

function named({ kind, about, count }: Trouble): string {
  const what = about === '' ? kind.area : `${kind.area} ${quoted(about, 60)}`;
  return count === 1 ? what : `${what} (${count} times)`;
}
