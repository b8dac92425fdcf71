import type { ByteString } from '../../../base/bytes.ts';
import { utf8Of } from '../../../manifest/core/utf8.ts';

const NAME_MAX = 120;
/** What ends a header or a quoted name, leads elsewhere, or changes how the rest of it is seen. */
const UNSAFE = /["'\\/<>|:*?;%\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Co}\p{Cn}\ufffd]/gu;

/**
 * `content-disposition` of a download: the last component of its path, made harmless, in ASCII for old
 * readers and in UTF-8 for others (RFC 6266, RFC 8187). It never begins with a dot.
 */
export function attachmentName(path: ByteString): string {
  const last = utf8Of(path).split('/').at(-1) ?? '';
  const safe = [...last.replaceAll(UNSAFE, '_')].slice(0, NAME_MAX).join('');
  const name = safe.replace(/^[. ]+/, '_').replace(/[. ]+$/, '_') || 'file';
  const ascii = name.replaceAll(/[^\x20-\x7e]/g, '_');
  const encoded = encodeURIComponent(name).replaceAll(
    /['()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `attachment; filename="${ascii}"; filename*=UTF-8''${encoded}`;
}
