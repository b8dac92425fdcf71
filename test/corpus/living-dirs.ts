/**
 * Directories that no registry keeps, mirrored every hour: composed by us, drawn from a seed, after
 * how maildir, logrotate, a dump job, people and deployments treat files. SOURCES.md says so.
 */
import { Seeded } from '../../sim/seeded.ts';
import type { Day, DayFile, Half, History } from './days.ts';

const HOUR_MS = 3_600_000;
const BEGIN = Date.UTC(2026, 2, 2, 0, 5);

/** One hour of what happens there. */
type Hour = (place: Place) => void;

class Place {
  readonly files = new Map<string, DayFile>();
  readonly seeded: Seeded;
  /** Since the beginning. */
  hour = 0;
  #contents = 0;

  constructor(seed: number) {
    this.seeded = new Seeded(seed);
  }

  get now(): number {
    return BEGIN + this.hour * HOUR_MS;
  }

  get ofDay(): number {
    return this.hour % 24;
  }

  get day(): number {
    return Math.floor(this.hour / 24);
  }

  isWeekend(): boolean {
    return this.day % 7 >= 5;
  }

  write(name: string, size = 1000 + this.seeded.below(100_000)): void {
    this.#contents += 1;
    this.files.set(name, { size, digest: `c${this.#contents}`, mtime: this.now });
  }

  /** Of a file, or of all that lies below. */
  move(from: string, to: string): void {
    for (const name of this.below(from)) {
      const file = this.files.get(name);
      this.files.delete(name);
      if (file !== undefined) this.files.set(`${to}${name.slice(from.length)}`, file);
    }
  }

  remove(name: string): void {
    for (const each of this.below(name)) this.files.delete(each);
  }

  below(name: string): readonly string[] {
    if (this.files.has(name)) return [name];
    return [...this.files.keys()].filter((each) => each.startsWith(`${name}/`));
  }
}

/** People get mail, read it by day, throw some away; each month what is old is archived. */
function mailSpool(people: number): Hour {
  return (place) => {
    const { seeded, ofDay } = place;
    const isAtWork = ofDay >= 7 && ofDay < 19 && !place.isWeekend();
    for (let person = 0; person < people; person++) {
      const box = `user${person}`;
      for (let mails = seeded.below(isAtWork ? 5 : 2); mails > 0; mails--) {
        place.write(`${box}/new/${place.now}.M${seeded.below(1e6)}`);
      }
      if (isAtWork && seeded.isTrue(0.5)) readMail(place, box);
      if (ofDay === 17 && seeded.isTrue(0.2)) place.remove(`${box}/.Trash/cur`);
      if (place.hour % (24 * 30) === 24 * 29) archiveMail(place, box);
    }
  };
}

function readMail(place: Place, box: string): void {
  for (const mail of place.below(`${box}/new`)) {
    const name = mail.slice(mail.lastIndexOf('/') + 1);
    const kept = place.seeded.isTrue(0.7);
    place.move(mail, `${box}/${kept ? 'cur' : '.Trash/cur'}/${name}:2,S`);
  }
}

function archiveMail(place: Place, box: string): void {
  for (const mail of place.below(`${box}/cur`)) {
    const { mtime = 0 } = place.files.get(mail) ?? {};
    if (mtime > place.now - 14 * 24 * HOUR_MS) continue;
    place.move(mail, `${box}/.Archive/cur/${mail.slice(mail.lastIndexOf('/') + 1)}`);
  }
}

/** Half by number, half by date; one of them turns by size, whenever that is. */
function logs(services: number, keep: number): Hour {
  return (place) => {
    for (let service = 0; service < services; service++) {
      const log = `service${service}/access.log`;
      place.write(log);
      const isDue = service === 0 ? place.seeded.isTrue(0.15) : place.ofDay === 6;
      if (!isDue) continue;
      if (service % 2 === 0) turnByNumber(place, log, keep);
      else turnByDate(place, log, keep);
    }
  };
}

function turnByNumber(place: Place, log: string, keep: number): void {
  place.remove(`${log}.${keep}.gz`);
  for (let number = keep - 1; number >= 2; number--) {
    place.move(`${log}.${number}.gz`, `${log}.${number + 1}.gz`);
  }
  if (place.files.has(`${log}.1`)) {
    place.remove(`${log}.1`);
    place.write(`${log}.2.gz`);
  }
  place.move(log, `${log}.1`);
  place.write(log, 0);
}

function turnByDate(place: Place, log: string, keep: number): void {
  place.move(log, `${log}-${place.day}.gz`);
  place.write(log, 0);
  place.remove(`${log}-${place.day - keep}.gz`);
}

/** A directory of dumps each hour; 24, then one a day, then one a week are kept. */
function dumps(tables: number): Hour {
  return (place) => {
    for (let table = 0; table < tables; table++) {
      place.write(`hourly/${place.hour}/table${table}.sql.zst`);
    }
    place.write(`hourly/${place.hour}/MANIFEST`);
    place.remove(`hourly/${place.hour - 24}`);
    if (place.ofDay !== 1) return;
    place.move(`hourly/${place.hour}`, `daily/${place.day}`);
    place.remove(`daily/${place.day - 14}`);
    if (place.day % 7 !== 0) return;
    place.write(`weekly/${place.day}/all.tar.zst`);
    place.remove(`weekly/${place.day - 8 * 7}`);
  };
}

/** People save, sort into other directories, rename those, and clear some out. */
function sharedFolder(projects: number): Hour {
  return (place) => {
    const { seeded } = place;
    if (place.hour === 0) {
      for (let file = 0; file < projects * 60; file++) {
        place.write(`project${file % projects}/part${file % 7}/file${file}.odt`);
      }
    }
    if (place.ofDay < 8 || place.ofDay > 18 || place.isWeekend()) return;
    const names = [...place.files.keys()];
    const any = (): string => names[seeded.below(names.length)] ?? 'project0/x';
    const dirOf = (name: string): string => name.slice(0, name.lastIndexOf('/'));
    for (let edits = seeded.below(12); edits > 0; edits--) place.write(any());
    for (let more = seeded.below(4); more > 0; more--) {
      place.write(`${dirOf(any())}/new${place.hour}-${more}.odt`);
    }
    if (seeded.isTrue(0.3)) place.remove(any());
    if (seeded.isTrue(0.05)) {
      const dir = dirOf(any());
      place.move(dir, `${dir} ${place.day}`);
    }
    // A part of a project that is over.
    if (seeded.isTrue(0.01)) place.remove(dirOf(any()));
    if (seeded.isTrue(0.01)) {
      const [top = ''] = any().split('/');
      place.move(top, `archive/${top}`);
    }
  };
}

/** Each deployment has a directory of its own; of five the oldest goes. Sometimes several a day. */
function releaseDirs(files: number): Hour {
  let released: string[] = [];
  return (place) => {
    const isAtWork = place.ofDay >= 9 && place.ofDay < 17 && !place.isWeekend();
    if (place.hour > 0 && !(isAtWork && place.seeded.isTrue(0.15))) return;
    const release = `releases/${place.now}`;
    for (let file = 0; file < files; file++) place.write(`${release}/app/${file % 9}/${file}.js`);
    place.write('current', 0);
    released = [...released, release];
    for (const old of released.slice(0, -5)) place.remove(old);
    released = released.slice(-5);
  };
}

interface Living {
  readonly half: Half;
  readonly days: number;
  readonly hour: () => Hour;
}

const LIVING: Readonly<Record<string, Living>> = {
  'mail-spool-1': { half: 'fresh-tune', days: 45, hour: () => mailSpool(4) },
  'mail-spool-2': { half: 'fresh-report', days: 45, hour: () => mailSpool(9) },
  'logs-1': { half: 'fresh-tune', days: 40, hour: () => logs(4, 14) },
  'logs-2': { half: 'fresh-report', days: 40, hour: () => logs(17, 9) },
  'dumps-1': { half: 'fresh-tune', days: 40, hour: () => dumps(8) },
  'dumps-2': { half: 'fresh-report', days: 40, hour: () => dumps(31) },
  'shared-folder-1': { half: 'fresh-tune', days: 60, hour: () => sharedFolder(12) },
  'shared-folder-2': { half: 'fresh-report', days: 60, hour: () => sharedFolder(30) },
  'release-dirs-1': { half: 'fresh-tune', days: 60, hour: () => releaseDirs(90) },
  'release-dirs-2': { half: 'fresh-report', days: 60, hour: () => releaseDirs(350) },
};

export function livingNames(): readonly string[] {
  return Object.keys(LIVING);
}

export function livingHalf(name: string): Half {
  return livingOf(name).half;
}

function livingOf(name: string): Living {
  const living = LIVING[name];
  if (living === undefined) throw new Error(`nothing is known of ${name}`);
  return living;
}

export function livingHistory(name: string): History {
  const living = livingOf(name);
  const place = new Place(seedOf(name));
  const happens = living.hour();
  const days: Day[] = [];
  for (; place.hour < living.days * 24; place.hour++) {
    happens(place);
    days.push({ label: `hour ${place.hour}`, at: place.now, files: new Map(place.files) });
  }
  return { name, half: living.half, days };
}

/** Of each its own, and always the same. */
function seedOf(name: string): number {
  return [...name].reduce((sum, letter) => Math.imul(sum, 31) + letter.charCodeAt(0), 20261120);
}
