/** Where rsync reads or writes, as its arguments name it. */

export type RsyncPlace =
  | { readonly kind: 'local'; readonly path: string }
  | { readonly kind: 'ssh'; readonly host: string; readonly path: string }
  | { readonly kind: 'daemon'; readonly host: string; readonly path: string };

/** As rsync does it: a colon before the first slash makes a host, two a daemon. */
export function parseRsyncPlace(text: string): RsyncPlace {
  const url = /^rsync:\/\/([^/]*)\/?(.*)$/s.exec(text);
  if (url !== null) return { kind: 'daemon', host: url[1] ?? '', path: url[2] ?? '' };
  const [, host = '', colons = '', path = ''] =
    /^((?:[^/:@]*@)?(?:\[[^\]/]*\]|[^/:]*))(::?)(.*)$/s.exec(text) ?? [];
  if (colons === '') return { kind: 'local', path: text };
  return { kind: colons === '::' ? 'daemon' : 'ssh', host, path };
}

/** A source that begins with a colon lies on the host of the one before it. */
export function parseSources(texts: readonly string[]): readonly RsyncPlace[] {
  let host = '';
  return texts.map((text) => {
    const place = parseRsyncPlace(text);
    if (place.kind === 'local') return place;
    if (place.host !== '') host = place.host;
    return { ...place, host };
  });
}

export function placeText(place: RsyncPlace): string {
  if (place.kind === 'local') return place.path;
  return `${place.host}${place.kind === 'ssh' ? ':' : '::'}${place.path}`;
}
